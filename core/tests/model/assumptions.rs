//! What is assumed of the world, and how far it is explored.

/// Seconds between two requests of a stack: few, so that all of them fall into the hour for which
/// an unconfirmed create is looked for.
const TICK: i64 = 60;

/// What may happen. Everything is `false` in what the promises are made for; each flag lets in one
/// thing that the handler cannot stand up to from where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an assumption of its own"
)]
pub(crate) struct Assumptions {
    /// Two deliveries of an event may run at the same time.
    pub overlap: bool,
    /// An event may be delivered again after its FAILED answer.
    pub again_after_failure: bool,
    /// An event of any kind may be delivered, or still be worked on, when later requests are under
    /// way. A Delete may be in any case, once the resource is gone.
    pub late_deliveries: bool,
    /// A call that was given up may still be carried out when later requests are under way.
    pub applied_late: bool,
    /// The calls of a second delivery may fail when the first has died.
    pub fails_after_death: bool,
    /// No delivery of an event may come to an answer.
    pub no_answer: bool,
    /// CloudFormation may cancel a Create while it runs. It may cancel an Update that waits in any
    /// case.
    pub cancelled: bool,
    /// CloudFormation may cancel an Update while one of its calls is under way.
    pub cancelled_in_call: bool,
    /// The rollback of an Update that is cancelled while it waits may fail, or end without an answer,
    /// while that one still waits.
    pub fails_while_haunted: bool,
    /// A source may change within a request and its deliveries, or before what is in doubt is
    /// undone. It may change between requests in any case.
    pub rotated_within: bool,
    /// Somebody may make a provider under a name that the stack holds.
    pub names_reused: bool,
    /// Somebody may make a provider that is just what the stack declares.
    pub equal_by_others: bool,
    /// Somebody may change what the stack does not hold yet.
    pub changed_while_unconfirmed: bool,
    /// A resource may come from another handler and be renamed in the same Update.
    pub renamed_at_changeover: bool,
    /// A failed Create may be tried again before the first is cleaned up.
    pub created_again: bool,
    /// An Update that carries on with the id of a failed Create may change or adopt something.
    pub changed_after_failure: bool,

    /// Calls that fail, executions that die, and second deliveries, in one life.
    pub mishaps: u8,
    /// What others do, in one life.
    pub foreign: u8,
    /// Requests in one life; the longest without a failure has five.
    pub requests: u8,
    /// Seconds between two requests.
    pub tick: i64,
}

impl Assumptions {
    /// What the promises are made for, so far.
    pub(crate) const fn promised(mishaps: u8, foreign: u8) -> Self {
        Self {
            overlap: false,
            again_after_failure: false,
            late_deliveries: false,
            applied_late: false,
            fails_after_death: false,
            no_answer: false,
            cancelled: false,
            cancelled_in_call: false,
            fails_while_haunted: false,
            rotated_within: false,
            names_reused: false,
            equal_by_others: false,
            changed_while_unconfirmed: false,
            renamed_at_changeover: false,
            created_again: false,
            changed_after_failure: false,
            mishaps,
            foreign,
            requests: 7,
            tick: TICK,
        }
    }
}
