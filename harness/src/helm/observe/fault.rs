//! The faults that an observation uses: those of the list, or generated ones.

use std::fmt;

use helm_oci_fixtures::fault::{Fault, GeneratedFault};
use helm_oci_fixtures::registry::Access;

use super::super::FaultServer;

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObservedFault {
    /// A fault of the list.
    Listed(Fault),
    /// A generated fault.
    Generated(GeneratedFault),
}

impl ObservedFault {
    /// An empty registry with this fault, or a correct one.
    pub(super) fn server(fault: Option<Self>, access: &Access) -> FaultServer {
        match fault {
            None => FaultServer::new(access.clone(), &[]),
            Some(Self::Listed(fault)) => FaultServer::new(access.clone(), &[fault]),
            Some(Self::Generated(fault)) => {
                FaultServer::new(access.clone(), &[]).with_generated(&[fault])
            }
        }
    }
}

impl From<Fault> for ObservedFault {
    fn from(fault: Fault) -> Self {
        Self::Listed(fault)
    }
}

impl From<GeneratedFault> for ObservedFault {
    fn from(fault: GeneratedFault) -> Self {
        Self::Generated(fault)
    }
}

impl fmt::Display for ObservedFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed(fault) => fault.fmt(formatter),
            Self::Generated(fault) => fault.fmt(formatter),
        }
    }
}
