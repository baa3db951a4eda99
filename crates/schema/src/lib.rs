#![doc = "outbound-schema"]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
