//! Every life that there may be, in every pool in which it may begin.

use crate::{
    cloudformation::{Beginning, Change, Life, Stack},
    cognito::{Cognito, Owner, Stored},
    state::{Model, Since, State},
    symbols::{Name, Secret},
};

impl Model {
    /// Every life there is, in every pool that it may begin in.
    pub(crate) fn beginnings(&self) -> Vec<State> {
        use Change::{Nothing, ProviderName, ProviderType, Secret as InPlace};
        let mut states = Vec::new();
        for beginning in self.lives_begin() {
            for change in [Nothing, InPlace, ProviderName, ProviderType] {
                for (identifier, adopt, sourced) in [
                    (false, false, false),
                    (true, false, false),
                    (true, true, false),
                    (false, false, true),
                ] {
                    let may = &self.assumptions;
                    let left_out = match beginning {
                        Beginning::Inherited => {
                            adopt
                                || change == Nothing
                                || change == ProviderName && !may.renamed_at_changeover
                        }
                        Beginning::UpdateAfterFailure => {
                            (adopt || change != Nothing) && !may.changed_after_failure
                        }
                        _ => false,
                    };
                    if left_out {
                        continue;
                    }
                    let life = Life {
                        beginning,
                        change,
                        identifier,
                        adopt,
                        sourced,
                    };
                    states.extend(
                        self.pools(life)
                            .into_iter()
                            .map(|pool| self.begin(life, pool)),
                    );
                }
            }
        }
        states
    }

    fn lives_begin(&self) -> Vec<Beginning> {
        let mut beginnings = vec![
            Beginning::Create,
            Beginning::Inherited,
            Beginning::UpdateAfterFailure,
        ];
        if self.assumptions.created_again {
            beginnings.push(Beginning::CreateAgain);
        }
        beginnings
    }

    /// Pools with nothing in them, or with a provider that was there before.
    fn pools(&self, life: Life) -> Vec<Cognito> {
        let first = life.first().seen(0, Secret::One);
        let mut theirs = first;
        theirs.secret = Secret::Theirs;
        theirs.identifier = false;
        let with = |name, seen, owner| {
            let mut pool = Cognito::default();
            pool.put(name, Stored { seen, owner });
            pool
        };
        if life.beginning == Beginning::Inherited {
            return vec![with(Name::Corp, first, Owner::Made)];
        }
        let mut pools = vec![
            Cognito::default(),
            // Of somebody who declares the same.
            with(Name::Corp, first, Owner::Theirs),
            with(Name::Corp, theirs, Owner::Theirs),
        ];
        if life.change == Change::ProviderName {
            pools.push(with(Name::Renamed, theirs, Owner::Theirs));
            if self.assumptions.equal_by_others {
                let equal = life.second().seen(0, Secret::One);
                pools.push(with(Name::Renamed, equal, Owner::Theirs));
            }
        }
        pools
    }

    fn begin(&self, life: Life, cognito: Cognito) -> State {
        let mut state = State {
            stack: Stack::begin(life),
            answer: None,
            deliveries: 0,
            runs: Vec::new(),
            past: Vec::new(),
            in_flight: None,
            cognito,
            before: cognito,
            source: Secret::One,
            read: Secret::One,
            rotations: u8::from(life.sourced),
            since: Since::default(),
            mishaps: self.assumptions.mishaps,
            foreign: self.assumptions.foreign,
            doubted: false,
            disturbed: false,
            warned: false,
            unreturned: false,
            over: false,
            broken: Vec::new(),
        };
        self.deliver(&mut state);
        state
    }
}
