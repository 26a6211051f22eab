//! Cognito: what it stores, how a call ends, and what others do there in between.

use crate::symbols::{Id, Kind, Name, Outcome, Secret, Seen};

/// Whose a provider is. Cognito does not know; the promises are about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// Made by a call of this handler.
    Made,
    /// Somebody else's, taken over with `AdoptExisting`.
    Adopted,
    /// Somebody else's.
    Theirs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Stored {
    pub seen: Seen,
    pub owner: Owner,
}

/// A call, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    Create {
        name: Name,
        kind: Kind,
        secret: Secret,
        identifier: bool,
    },
    Describe(Name),
    Update {
        name: Name,
        secret: Option<Secret>,
        identifier: Option<bool>,
        by_hand: Option<bool>,
    },
    Delete(Name),
    SigningCertificate,
    /// CloudFormation is asked, and not Cognito.
    StackResource,
}

/// For whom a call is made: what the promises need to know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Mandate {
    /// `AdoptExisting`.
    pub adopt: bool,
    /// It undoes a create that was never confirmed.
    pub unconfirmed: bool,
    /// CloudFormation has its answer, or has gone on without it.
    pub superseded: bool,
    /// The physical id that the resource has.
    pub held: Id,
}

/// How a call ends that does not end well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mishap {
    /// A final error: nothing was done.
    Refused,
    /// It was carried out, and nobody learns of it.
    Unanswered,
    /// It did not arrive, or not yet, and nobody knows.
    Lost,
    /// It was carried out, the answer was lost, and it was sent again.
    SentTwice,
    /// It was not carried out, and it is time for another attempt.
    Waited,
    /// It was carried out, nobody learns of it, and it is time for another attempt.
    WaitedInDoubt,
    /// It was carried out, and the execution ended before it could note that.
    DiedAfter,
    /// The execution ended before the call.
    DiedBefore,
}

/// What somebody else may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Foreign {
    /// Makes a provider with a secret of their own.
    Make(Name),
    /// Makes one that holds the identifier that the stack declares.
    MakeWithIdentifier(Name),
    /// Makes one that is just what the stack declares.
    MakeEqual(Name),
    /// Deletes whatever is there.
    Remove(Name),
    /// Sets a member that the stack does not declare.
    Change(Name),
}

/// The providers of one user pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Cognito([Option<Stored>; 3]);

impl Cognito {
    pub(crate) fn get(&self, name: Name) -> Option<&Stored> {
        self.0[name as usize].as_ref()
    }

    fn get_mut(&mut self, name: Name) -> &mut Option<Stored> {
        &mut self.0[name as usize]
    }

    pub(crate) fn put(&mut self, name: Name, stored: Stored) {
        *self.get_mut(name) = Some(stored);
    }

    /// Takes over a provider that is somebody else's.
    pub(crate) fn adopt(&mut self, name: Name) {
        if let Some(stored) = self.get_mut(name)
            && stored.owner == Owner::Theirs
        {
            stored.owner = Owner::Adopted;
        }
    }

    /// Whether any provider of that owner is there.
    pub(crate) fn holds(&self, owner: Owner) -> bool {
        let mut all = self.0.iter().flatten();
        all.any(|stored| stored.owner == owner)
    }

    /// Whether any provider has the identifier.
    pub(crate) fn holds_identifier(&self) -> bool {
        let mut all = self.0.iter().flatten();
        all.any(|stored| stored.seen.identifier)
    }

    /// The same but for the times of the last changes, which every call moves.
    pub(crate) fn settled(mut self) -> Self {
        for stored in self.0.iter_mut().flatten() {
            stored.seen.modified = stored.seen.created;
            stored.seen.touched = false;
        }
        self
    }

    /// Carries out a call. The second value tells whether it did what it never should.
    pub(crate) fn apply(&mut self, call: Call, mandate: Mandate, now: u8) -> (Outcome, bool) {
        match call {
            Call::Create {
                name,
                kind,
                secret,
                identifier,
            } => {
                if self.get(name).is_some() || identifier && self.identifier_taken(name) {
                    return (Outcome::DUPLICATE, false);
                }
                let seen = Seen {
                    kind,
                    secret,
                    identifier,
                    by_hand: false,
                    created: now,
                    modified: now,
                    touched: false,
                };
                let owner = Owner::Made;
                self.put(name, Stored { seen, owner });
                (Outcome::Done(Some(seen)), false)
            }
            Call::Describe(name) => {
                let outcome = self.get(name).map_or(Outcome::NOT_FOUND, |stored| {
                    Outcome::Done(Some(stored.seen))
                });
                (outcome, false)
            }
            Call::Update {
                name,
                secret,
                identifier,
                by_hand,
            } => {
                let taken = identifier == Some(true) && self.identifier_taken(name);
                let Some(stored) = self.get_mut(name) else {
                    return (Outcome::NOT_FOUND, false);
                };
                if taken {
                    return (Outcome::DUPLICATE, false);
                }
                let harm = stored.owner == Owner::Theirs && !mandate.adopt;
                if stored.owner == Owner::Theirs && mandate.adopt {
                    stored.owner = Owner::Adopted;
                }
                let seen = &mut stored.seen;
                seen.secret = secret.unwrap_or(seen.secret);
                seen.identifier = identifier.unwrap_or(seen.identifier);
                seen.by_hand = by_hand.unwrap_or(seen.by_hand);
                seen.modified = now;
                seen.touched = true;
                (Outcome::Done(Some(*seen)), harm)
            }
            Call::Delete(name) => match self.get_mut(name).take() {
                Some(stored) => {
                    let harm = stored.owner == Owner::Theirs
                        || stored.owner == Owner::Adopted && mandate.unconfirmed;
                    (Outcome::Done(None), harm)
                }
                None => (Outcome::NOT_FOUND, false),
            },
            Call::SigningCertificate => (Outcome::Certificate, false),
            Call::StackResource => {
                let Mandate {
                    superseded, held, ..
                } = mandate;
                (Outcome::StackResource { superseded, held }, false)
            }
        }
    }

    /// What somebody else does, if there is anything to do it to.
    pub(crate) fn disturb(&mut self, action: Foreign, equal: Seen, now: u8) -> Option<()> {
        let made = |secret, kind, identifier| Stored {
            seen: Seen {
                kind,
                secret,
                identifier,
                by_hand: false,
                created: now,
                modified: now,
                touched: false,
            },
            owner: Owner::Theirs,
        };
        match action {
            Foreign::Make(name) | Foreign::MakeWithIdentifier(name) | Foreign::MakeEqual(name) => {
                let stored = match action {
                    Foreign::MakeEqual(_) => made(equal.secret, equal.kind, equal.identifier),
                    _ => made(
                        Secret::Theirs,
                        Kind::Oidc,
                        matches!(action, Foreign::MakeWithIdentifier(_)),
                    ),
                };
                let clash = stored.seen.identifier && self.identifier_taken(name);
                if self.get(name).is_some() || clash {
                    return None;
                }
                self.put(name, stored);
            }
            Foreign::Remove(name) => {
                self.get_mut(name).take()?;
            }
            Foreign::Change(name) => {
                let seen = &mut self.get_mut(name).as_mut()?.seen;
                seen.by_hand = true;
                seen.modified = now;
                seen.touched = true;
            }
        }
        Some(())
    }

    fn identifier_taken(&self, by_other_than: Name) -> bool {
        let others = Name::ALL.into_iter().filter(|name| *name != by_other_than);
        let mut holders = others.filter_map(|name| self.get(name));
        holders.any(|stored| stored.seen.identifier)
    }
}
