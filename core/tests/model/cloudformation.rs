//! CloudFormation: the requests of one resource's life, each following from the last answer.

use crate::{
    execution::{Answer, Request, Verb},
    symbols::{Id, Kind, Name, Properties, Secret},
};

/// What the template's second version changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Change {
    Nothing,
    /// What an Update in place can change.
    Secret,
    ProviderName,
    ProviderType,
}

/// How the life begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Beginning {
    /// With a Create, which is rolled back if it fails.
    Create,
    /// With a Create, which is tried again if it fails, before the first is cleaned up.
    CreateAgain,
    /// With a Create; if it fails, an Update carries on with its id.
    UpdateAfterFailure,
    /// With an Update of what another handler made, under an id of that handler.
    Inherited,
}

/// One resource, from its beginning to its Delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Life {
    pub beginning: Beginning,
    pub change: Change,
    pub identifier: bool,
    pub adopt: bool,
    pub sourced: bool,
}

impl Life {
    /// The template's first version.
    pub(crate) const fn first(self) -> Properties {
        Properties {
            name: Name::Corp,
            // One kind has a call more. With the identifiers, which have calls of their own, there
            // would be twice the states.
            kind: if self.identifier {
                Kind::Oidc
            } else {
                Kind::Saml
            },
            secret: Secret::One,
            identifier: self.identifier,
            adopt: self.adopt,
            sourced: self.sourced,
        }
    }

    /// The template's second version.
    pub(crate) const fn second(self) -> Properties {
        let mut properties = self.first();
        match self.change {
            Change::Nothing => {}
            Change::Secret => {
                properties.secret = Secret::Two;
                properties.identifier = !properties.identifier;
            }
            Change::ProviderName => properties.name = Name::Renamed,
            Change::ProviderType => properties.kind = properties.kind.other(),
        }
        properties
    }

    /// These properties with what an Update in place can change.
    const fn changed(mut properties: Properties) -> Properties {
        properties.secret = match properties.secret {
            Secret::One => Secret::Two,
            _ => Secret::One,
        };
        properties
    }
}

/// What the request under way is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    Create,
    Update,
    /// The Update with old and new properties swapped.
    Undo,
    /// The Delete of what an Update has replaced.
    CleanUp,
    Delete,
}

/// What CloudFormation knows of the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Stack {
    pub life: Life,
    pub stage: Stage,
    /// The request under way, or the last one.
    pub request: Request,
    /// What the resource has been, up to this request.
    pub current: (Id, Properties),
    /// A create that failed, and is still to be cleaned up.
    failed: Option<Id>,
    /// Whether there was an Update after the one that carried on with a failed create.
    went_on: bool,
}

impl Stack {
    pub(crate) const fn begin(life: Life) -> Self {
        let (stage, verb, id) = match life.beginning {
            Beginning::Inherited => {
                let previous = life.first();
                (Stage::Update, Verb::Update { previous }, Id::Foreign)
            }
            _ => (Stage::Create, Verb::Create, Id::NotCreated),
        };
        let properties = match life.beginning {
            Beginning::Inherited => life.second(),
            _ => life.first(),
        };
        Self {
            life,
            stage,
            request: Request {
                verb,
                id,
                properties,
                since: 1,
            },
            current: (id, life.first()),
            failed: None,
            went_on: false,
        }
    }

    /// Whether a name belongs to the stack, by an id that CloudFormation holds.
    pub(crate) fn holds(&self, name: Name) -> bool {
        // Before the clean-up, what an Update goes back to is held as well as what it comes from.
        let undone = self.stage == Stage::Undo
            && matches!(self.request.id, Id::Provider(_))
            && self.request.properties.name == name;
        let mut ids = [self.request.id, self.current.0].into_iter();
        ids.any(|id| match id {
            Id::Provider(held) => held == name,
            // Another handler's id stands for the name in the properties.
            Id::Foreign => self.life.first().name == name,
            _ => false,
        }) || undone
    }

    /// Whether a create in doubt is still to be confirmed or undone.
    pub(crate) fn is_unconfirmed(&self) -> bool {
        let ids = [Some(self.request.id), Some(self.current.0), self.failed];
        let mut ids = ids.into_iter().flatten();
        ids.any(|id| matches!(id, Id::Unconfirmed { .. }))
    }

    /// Whether a Delete is to find out if anything of that name was made.
    pub(crate) fn looks_for(&self, name: Name) -> bool {
        let unconfirmed = matches!(self.request.id, Id::Unconfirmed { name: of, .. } if of == name);
        unconfirmed && self.stage != Stage::Create
    }

    /// The next requests that there may be after this answer. There is none after the last.
    pub(crate) fn after(&self, answer: Answer) -> Vec<Self> {
        let life = self.life;
        let sent = self.request;
        match (self.stage, answer.succeeded) {
            (Stage::Create, true) => {
                let mut stack = *self;
                stack.current = (answer.id, sent.properties);
                match self.failed {
                    Some(id) => vec![stack.next(Stage::CleanUp, Verb::Delete, id, life.first())],
                    None if life.change == Change::Nothing => vec![stack.delete()],
                    None => vec![stack.update(Stage::Update, life.second())],
                }
            }
            (Stage::Create, false) => {
                let mut stack = *self;
                stack.current = (answer.id, sent.properties);
                match life.beginning {
                    Beginning::CreateAgain if self.failed.is_none() => {
                        stack.failed = Some(answer.id);
                        let next =
                            stack.next(Stage::Create, Verb::Create, Id::NotCreated, life.first());
                        vec![stack.delete(), next]
                    }
                    Beginning::UpdateAfterFailure => {
                        let next = stack.update(Stage::Undo, life.second());
                        vec![stack.delete(), next]
                    }
                    _ => vec![stack.delete()],
                }
            }
            (Stage::Update, true) => {
                // Something else in the stack may fail after this, so that it is undone.
                let mut stack = *self;
                let undone = stack.current.1;
                stack.current = (answer.id, sent.properties);
                let undo = stack.update(Stage::Undo, undone);
                vec![undo, self.replaced(answer)]
            }
            (Stage::Undo, true) => vec![self.replaced(answer)],
            (Stage::Update, false) => {
                let mut stack = *self;
                let undone = stack.current.1;
                stack.current.1 = sent.properties;
                vec![stack.update(Stage::Undo, undone)]
            }
            // Continued by the operator.
            (Stage::Undo | Stage::CleanUp | Stage::Delete, false) => {
                let mut stack = *self;
                stack.request.since += 1;
                stack.request.id = answer.id;
                vec![stack]
            }
            (Stage::CleanUp, true) => {
                let mut stack = *self;
                stack.failed = None;
                let mut ways = vec![stack.delete()];
                if life.beginning == Beginning::UpdateAfterFailure && !stack.went_on {
                    // What was confirmed is a resource as any other.
                    stack.went_on = true;
                    ways.push(stack.update(Stage::Update, Life::changed(stack.current.1)));
                }
                ways
            }
            (Stage::Delete, true) => match self.failed {
                // The first of two creates, after the second.
                Some(id) if self.failed != Some(sent.id) => {
                    vec![self.next(Stage::Delete, Verb::Delete, id, life.first())]
                }
                _ => Vec::new(),
            },
        }
    }

    /// What CloudFormation sends when it cancels the request: for a Create a Delete with an id that
    /// it makes up, for an Update its undoing.
    pub(crate) fn cancel(&self) -> Option<Self> {
        match self.request.verb {
            Verb::Create => {
                let properties = self.request.properties;
                Some(self.next(Stage::Delete, Verb::Delete, Id::Generated, properties))
            }
            Verb::Update { .. } => self.after(self.unanswered()).first().copied(),
            Verb::Delete => None,
        }
    }

    /// The answer that CloudFormation makes up for a request that nobody answers.
    pub(crate) const fn unanswered(&self) -> Answer {
        Answer {
            succeeded: false,
            id: match self.request.verb {
                Verb::Create => Id::Generated,
                _ => self.request.id,
            },
            in_doubt: false,
            unreturned: false,
        }
    }

    /// Goes on with the new id, and cleans up under the old one if there is another now.
    fn replaced(&self, answer: Answer) -> Self {
        let mut stack = *self;
        stack.current = (answer.id, self.request.properties);
        let Verb::Update { previous } = self.request.verb else {
            return stack.delete();
        };
        if answer.id == self.request.id {
            stack.delete()
        } else {
            stack.next(Stage::CleanUp, Verb::Delete, self.request.id, previous)
        }
    }

    const fn update(&self, stage: Stage, properties: Properties) -> Self {
        let (id, previous) = self.current;
        self.next(stage, Verb::Update { previous }, id, properties)
    }

    const fn delete(&self) -> Self {
        let (id, properties) = self.current;
        self.next(Stage::Delete, Verb::Delete, id, properties)
    }

    const fn next(&self, stage: Stage, verb: Verb, id: Id, properties: Properties) -> Self {
        let mut stack = *self;
        stack.stage = stage;
        stack.request = Request {
            verb,
            id,
            properties,
            since: self.request.since + 1,
        };
        stack
    }
}
