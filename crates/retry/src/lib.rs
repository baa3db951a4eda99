#![doc = "outbound-retry"]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
