use crate::InvalidContract;

/// Why a schema has no program.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    /// To the keyword at fault, in the schema.
    pub(crate) pointer: String,
    pub(crate) fault: String,
    /// It is a schema, and another engine may do what this one cannot.
    pub(crate) is_unsupported: bool,
}

impl Refused {
    pub(crate) fn invalid(pointer: impl Into<String>, fault: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            fault: fault.into(),
            is_unsupported: false,
        }
    }

    pub(crate) fn unsupported(pointer: impl Into<String>, fault: impl Into<String>) -> Self {
        Self {
            is_unsupported: true,
            ..Self::invalid(pointer, fault)
        }
    }
}

impl From<Refused> for InvalidContract {
    fn from(refused: Refused) -> Self {
        if refused.is_unsupported {
            let fault = format!(
                "the fused engine cannot do this: {}; the feature `full` of outbound-schema can",
                refused.fault
            );
            return Self::new(refused.pointer, fault);
        }
        Self::new(refused.pointer, refused.fault)
    }
}
