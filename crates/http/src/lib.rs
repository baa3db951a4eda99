#![doc = "outbound-http"]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
