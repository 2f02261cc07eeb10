//! The transactions of 42 CFR 423.160 and their bodies.

mod administration;
mod prescription;
mod response;

pub use administration::{
    Administrative, DrugAdministration, Error, GetMessage, Recertification, RequestedDates,
    Resupply, RxHistoryRequest, RxHistoryResponse, Status, TransferConfirm, TransferInitiation,
    Verify, VerifyStatus,
};
pub use prescription::{
    CancelRx, FillOutcome, FillStatus, NewRx, NewRxRequest, RxChangeRequest, RxFill,
    RxFillIndicatorChange, RxRenewalRequest, RxTransfer,
};
pub use response::{
    CancelRxResponse, Decision, NewRxResponseDenied, Outcome, Response, RxChangeResponse,
    RxRenewalResponse,
};

use crate::model::{Shape, Value};
use crate::version::Version;
use crate::xml::Element;

macro_rules! transactions {
    ($($name:ident($body:ty), $usual:expr, $answers:literal;)*) => {
        /// The kind of a transaction: the name of the element in `Body`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Transaction {
            $(#[doc = concat!("`", stringify!($name), "`.")] $name,)*
        }

        impl Transaction {
            /// All transactions.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name of its element.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// The transaction of an element name.
            pub fn of_name(name: &str) -> Option<Self> {
                match name { $(stringify!($name) => Some(Self::$name),)* _ => None }
            }

            /// What is known of its body.
            pub fn shape(self) -> &'static Shape {
                match self { $(Self::$name => <$body>::SHAPE,)* }
            }

            /// Whether it answers another message and must say which.
            pub fn answers(self) -> bool {
                match self { $(Self::$name => $answers,)* }
            }

            /// The only version whose rules name it, if it is not in both.
            pub fn only_in(self) -> Option<Version> {
                match self { $(Self::$name => $usual,)* }
            }
        }

        /// The body of a message.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Body {
            $(#[doc = concat!("`", stringify!($name), "`.")] $name(Box<$body>),)*
        }

        impl Body {
            /// Its transaction.
            pub fn transaction(&self) -> Transaction {
                match self { $(Self::$name(_) => Transaction::$name,)* }
            }

            /// Reads the element of a transaction. Any element can be read: what is missing is absent.
            pub(crate) fn read(transaction: Transaction, element: &Element<'_>) -> Self {
                match transaction {
                    $(Transaction::$name => {
                        Self::$name(Box::new(<$body>::read(element).unwrap_or_default()))
                    })*
                }
            }

            /// Merges the body into the element of its transaction.
            pub(crate) fn write(&self, element: &mut Element<'_>) {
                match self { $(Self::$name(body) => body.write(element),)* }
            }
        }
    };
}

const OLD: Option<Version> = Some(Version::V2017071);
const NEW: Option<Version> = Some(Version::V2023011);

// Each with its body, the only version that names it, and whether it answers another message.
transactions! {
    NewRx(NewRx), None, false;
    NewRxRequest(NewRxRequest), None, false;
    NewRxResponseDenied(NewRxResponseDenied), None, true;
    RxChangeRequest(RxChangeRequest), None, false;
    RxChangeResponse(RxChangeResponse), None, true;
    RxRenewalRequest(RxRenewalRequest), None, false;
    RxRenewalResponse(RxRenewalResponse), None, true;
    CancelRx(CancelRx), None, false;
    CancelRxResponse(CancelRxResponse), None, true;
    RxFill(RxFill), None, false;
    RxFillIndicatorChange(RxFillIndicatorChange), None, false;
    RxHistoryRequest(RxHistoryRequest), None, false;
    RxHistoryResponse(RxHistoryResponse), None, true;
    Status(Status), None, true;
    Error(Error), None, true;
    Verify(Verify), None, true;
    GetMessage(GetMessage), None, false;
    Resupply(Resupply), None, false;
    Recertification(Recertification), None, false;
    DrugAdministration(DrugAdministration), None, false;
    RxTransferRequest(TransferInitiation), OLD, false;
    RxTransferResponse(RxTransfer), OLD, true;
    RxTransferInitiationRequest(TransferInitiation), NEW, false;
    RxTransfer(RxTransfer), NEW, true;
    RxTransferConfirm(TransferConfirm), None, true;
    PAInitiationRequest(Administrative), None, false;
    PAInitiationResponse(Administrative), None, true;
    PARequest(Administrative), None, false;
    PAResponse(Administrative), None, true;
    PAAppealRequest(Administrative), None, false;
    PAAppealResponse(Administrative), None, true;
    PACancelRequest(Administrative), None, false;
    PACancelResponse(Administrative), None, true;
    PANotification(Administrative), NEW, false;
    REMSInitiationRequest(Administrative), None, false;
    REMSInitiationResponse(Administrative), None, true;
    REMSRequest(Administrative), None, false;
    REMSResponse(Administrative), None, true;
}
