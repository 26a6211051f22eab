use std::collections::BTreeMap;

use cfn_cognito_idp_core::{
    details::Details,
    physical_id::PhysicalId,
    plan::{Answer, Drift, DriftStatus, Intent, StackKnowledge},
    provider::{Declared, Members, Previous, Provider, ProviderType, Sources},
};
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
    sample::select,
    sample::subsequence,
};

use crate::world::{Fault, Stored, World, at, stored};

/// When the request was issued. What is older is somebody else's.
const SINCE: i64 = 1_795_330_800;

fn fault() -> impl Strategy<Value = Fault> {
    select(
        &[
            Fault::None,
            Fault::SentTwice,
            Fault::LostAfter,
            Fault::LostBefore,
            Fault::Refused,
            Fault::Waited,
        ][..],
    )
}

/// Providers from a world so small that they meet.
fn provider() -> impl Strategy<Value = Provider> {
    let identifiers = subsequence(vec!["a", "b", "c"], 0..=3);
    (
        select(&["eu-west-1_P", "eu-west-1_Q"][..]),
        select(&["Corp", "Renamed"][..]),
        select(&[ProviderType::Oidc, ProviderType::Saml][..]),
        select(&["one", "two"][..]),
        option::of(btree_map(
            select(&["email", "name"][..]),
            select(&["mail", "upn"][..]),
            0..3,
        )),
        option::of(identifiers),
    )
        .prop_map(
            |(pool, name, kind, secret, mapping, identifiers)| Provider {
                id: format!("{pool}|{name}").parse().unwrap(),
                kind,
                details: Details::from_iter([
                    ("client_secret", secret),
                    ("RequestSigningAlgorithm", "rsa-sha256"),
                ]),
                members: Members {
                    attribute_mapping: mapping.map(|entries| {
                        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
                        entries.into_iter().map(owned).collect()
                    }),
                    idp_identifiers: identifiers
                        .map(|items| items.into_iter().map(ToOwned::to_owned).collect()),
                    acr_mapping: None,
                },
            },
        )
}

/// A world with some providers that were there before the request, and no clash between them.
fn world() -> impl Strategy<Value = World> {
    vec(provider(), 0..3).prop_map(|providers| {
        let mut world = World {
            providers: BTreeMap::new(),
            now: SINCE + 5,
            superseded: true,
        };
        for (number, mut provider) in providers.into_iter().enumerate() {
            // Identifiers of their own, and one that may be wanted.
            let own = format!("own-{number}");
            let shared = provider.members.idp_identifiers.take().unwrap_or_default();
            let shared = shared.into_iter().filter(|_| number == 0);
            provider.members.idp_identifiers = Some(shared.chain([own]).collect());
            world
                .providers
                .insert(provider.id.clone(), stored(&provider, SINCE - 60));
        }
        world
    })
}

fn create(provider: &Provider) -> Intent {
    Intent::Create {
        declared: declared(provider, false),
        request_id: "r-1".to_owned(),
    }
}

fn update(id: &str, new: &Provider, old: &Provider) -> Intent {
    Intent::Update {
        physical_id: PhysicalId::from(id),
        declared: declared(new, false),
        previous: Previous {
            id: Some(old.id.clone()),
            kind: Some(old.kind),
            details: old.details.clone(),
            members: old.members.clone(),
            ..Previous::default()
        },
    }
}

fn delete(id: &str, provider: &Provider) -> Intent {
    Intent::Delete {
        physical_id: PhysicalId::from(id),
        described: Some(declared(provider, false)),
    }
}

fn declared(provider: &Provider, adopt_existing: bool) -> Declared {
    Declared {
        provider: provider.clone(),
        sources: Sources::new(),
        adopt_existing,
    }
}

/// A world in which there is nothing but that provider.
fn alone(provider: &Provider, stored: Stored) -> World {
    World {
        providers: BTreeMap::from([(provider.id.clone(), stored)]),
        now: SINCE + 5,
        superseded: true,
    }
}

fn succeeded(answer: &Answer) -> bool {
    answer.result.is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4_000,
        failure_persistence: None,
        max_global_rejects: 100_000,
        ..ProptestConfig::default()
    })]

    /// A Create changes nothing that was there, however its calls end; and what a failed one may
    /// have made is gone after the Delete that CloudFormation sends with its id.
    #[test]
    fn a_create_and_its_rollback_leave_the_world_as_it_was(
        before in world(), desired in provider(), faults in vec(fault(), 0..6),
    ) {
        let mut world = before.clone();
        let answer = world.run(create(&desired), at(SINCE), &faults);
        for (id, theirs) in &before.providers {
            prop_assert_eq!(world.providers.get(id), Some(theirs));
        }
        if succeeded(&answer) {
            let made = &world.providers[&desired.id];
            prop_assert_eq!(made, &stored(&desired, before.now));
        }
        let id = answer.physical_id;
        let undone = world.run(delete(&id, &desired), at(SINCE + 60), &[]);
        prop_assert!(succeeded(&undone));
        prop_assert_eq!(undone.physical_id, id);
        prop_assert_eq!(world, before);
    }

    /// An Apply brings a provider to its declaration, and a second one changes nothing. It creates,
    /// renames and deletes none, and after it there is no drift.
    #[test]
    fn applying_twice_is_applying_once_and_leaves_no_drift(
        before in world(), wanted in provider(), faults in vec(fault(), 0..3),
    ) {
        let apply = || Intent::Apply {
            declared: declared(&wanted, false),
            stack: StackKnowledge::Unknown,
        };
        let mut world = before.clone();
        let lossy = world.run(apply(), at(SINCE), &faults);
        prop_assert_eq!(
            world.providers.keys().collect::<Vec<_>>(),
            before.providers.keys().collect::<Vec<_>>()
        );
        let answer = world.run(apply(), at(SINCE), &[]);
        let drift = Drift::new(&declared(&wanted, false), world.observe(&wanted.id).as_ref());
        if succeeded(&answer) {
            prop_assert_eq!(drift.status, DriftStatus::InSync);
            let once = world.clone();
            world.now += 10;
            let again = world.run(apply(), at(SINCE), &[]);
            prop_assert!(again.result.is_ok_and(|success| !success.is_applied()));
            prop_assert_eq!(world.providers, once.providers);
        } else {
            // It is gone, of another type, or an identifier is taken.
            prop_assert!(drift.status != DriftStatus::InSync);
            prop_assert!(!succeeded(&lossy));
        }
    }

    /// Drift is seen exactly where an Apply has something to do.
    #[test]
    fn a_provider_is_in_sync_exactly_if_an_apply_changes_nothing(
        before in world(), wanted in provider(),
    ) {
        let declared = declared(&wanted, false);
        let drift = Drift::new(&declared, before.observe(&wanted.id).as_ref());
        let apply = Intent::Apply { declared, stack: StackKnowledge::Unknown };
        let mut after = before.clone();
        let answer = after.run(apply, at(SINCE), &[]);
        let is_in_sync = drift.status == DriftStatus::InSync;
        prop_assert_eq!(is_in_sync, drift.differences.is_empty() && before.observe(&wanted.id).is_some());
        if is_in_sync {
            prop_assert!(answer.result.is_ok_and(|success| !success.is_applied()));
            prop_assert_eq!(after, before);
        } else {
            prop_assert!(answer.result.is_ok_and(|success| success.is_applied()) || after == before);
        }
    }

    /// A second delivery of any request gives the same answer and changes nothing more.
    #[test]
    fn doing_it_twice_is_doing_it_once(
        before in world(), old in provider(), new in provider(), first in vec(fault(), 0..3),
    ) {
        let id = old.id.to_string();
        for intent in [create(&new), update(&id, &new, &old), delete(&id, &old)] {
            // The first delivery may die anywhere; the second is the one that is answered.
            let mut once = before.clone();
            once.run(intent.clone(), at(SINCE), &[]);
            let mut twice = once.clone();
            let again = twice.run(intent.clone(), at(SINCE), &[]);
            let third = twice.clone().run(intent.clone(), at(SINCE), &[]);
            prop_assert_eq!(&again.physical_id, &third.physical_id);
            prop_assert_eq!(succeeded(&again), succeeded(&third));
            prop_assert_eq!(twice.settled(), once.settled());

            let mut lossy = before.clone();
            let lost = lossy.run(intent.clone(), at(SINCE), &first);
            let found = lossy.clone().run(intent, at(SINCE), &[]);
            if succeeded(&lost) {
                prop_assert!(succeeded(&found), "{:?}", found);
                prop_assert_eq!(found.physical_id, lost.physical_id);
            }
        }
    }

    /// A failed rename whose calls all had an answer leaves everything as it was, with the old id,
    /// and its rollback leaves what was set by hand and never declared for the old name.
    #[test]
    fn a_failed_replacement_changes_nothing(
        old in provider(), new in provider(), others in world(), refused in 0_usize..4,
    ) {
        prop_assume!(old.id != new.id);
        let mut before = others;
        before.providers.clear();
        before.providers.insert(old.id.clone(), stored(&old, SINCE - 60));
        let mut faults = vec![Fault::None; refused];
        faults.push(Fault::Refused);
        let mut world = before.clone();
        let id = old.id.to_string();
        let answer = world.run(update(&id, &new, &old), at(SINCE), &faults);
        if !succeeded(&answer) {
            prop_assert_eq!(&answer.physical_id, &id);
            prop_assert_eq!(world.settled(), before.settled());

            let held = world.providers.get_mut(&old.id).unwrap();
            held.mapping = BTreeMap::from([("by".to_owned(), "hand".to_owned())]);
            held.identifiers = vec!["by.hand".to_owned()];
            let by_hand = held.clone();
            world.run(update(&id, &old, &new), at(SINCE), &[]);
            let held = &world.providers[&old.id];
            let Members { attribute_mapping, idp_identifiers, .. } = old.members;
            prop_assert_eq!(&held.mapping, &attribute_mapping.unwrap_or(by_hand.mapping));
            prop_assert_eq!(&held.identifiers, &idp_identifiers.unwrap_or(by_hand.identifiers));
        }
    }

    /// An Update in place leaves the members as they are declared. Of a member that is no longer
    /// declared it takes away what the template put there, and leaves what was set by hand.
    #[test]
    fn only_declared_entries_are_removed(
        old in provider(), new in provider(), by_hand in provider(),
    ) {
        let new = Provider { id: old.id.clone(), kind: old.kind, ..new };
        let mut held = stored(&old, SINCE - 60);
        let Members { attribute_mapping, idp_identifiers, .. } = by_hand.members;
        let keys = attribute_mapping.into_iter().flatten().map(|(key, _)| key);
        held.mapping.extend(keys.map(|key| (key, "by hand".to_owned())));
        let items = idp_identifiers.into_iter().flatten();
        held.identifiers.extend(items.map(|item| format!("{item}-by-hand")));
        let mut world = alone(&old, held.clone());
        let answer = world.run(update(&old.id.to_string(), &new, &old), at(SINCE), &[]);
        prop_assert!(succeeded(&answer), "{:?}", answer);

        let before = old.members;
        let mapping = new.members.attribute_mapping.unwrap_or_else(|| {
            let put = before.attribute_mapping.unwrap_or_default();
            let by_hand = held.mapping.into_iter();
            by_hand.filter(|(key, value)| put.get(key) != Some(value)).collect()
        });
        prop_assert_eq!(&world.providers[&old.id].mapping, &mapping);
        let identifiers = new.members.idp_identifiers.unwrap_or_else(|| {
            let put = before.idp_identifiers.unwrap_or_default();
            held.identifiers.into_iter().filter(|item| !put.contains(item)).collect()
        });
        prop_assert_eq!(&world.providers[&old.id].identifiers, &identifiers);
    }

    /// The rollback of an Update that was never applied leaves what was set by hand, even where it
    /// is what that Update declared.
    #[test]
    fn values_set_by_hand_survive_a_refused_update(
        old in provider(), new in provider(), by_hand in provider(), by_us in any::<bool>(),
    ) {
        let new = Provider { id: old.id.clone(), kind: old.kind, ..new };
        prop_assume!(by_us || !old.details.are_contained_in(&new.details));
        let mut held = stored(&old, SINCE - 60);
        if old.members.attribute_mapping.is_none() {
            held.mapping = by_hand.members.attribute_mapping.unwrap_or_default();
        }
        if old.members.idp_identifiers.is_none() {
            held.identifiers = by_hand.members.idp_identifiers.unwrap_or_default();
        }
        let before = alone(&old, held);
        let mut world = before.clone();
        let mut rollback = update(&old.id.to_string(), &old, &new);
        if let Intent::Update { previous, .. } = &mut rollback {
            previous.is_refused = by_us;
        }
        let answer = world.run(rollback, at(SINCE), &[]);
        prop_assert!(succeeded(&answer), "{:?}", answer);
        prop_assert_eq!(world.settled(), before.settled());
    }

    /// An Update that waits while it is cancelled and rolled back changes nothing any more, in
    /// place or not, and leaves no new provider behind.
    #[test]
    fn an_update_that_is_rolled_back_while_it_waits_changes_nothing(
        old in provider(), new in provider(), waits in 0_usize..3,
    ) {
        let in_place = old.id == new.id;
        prop_assume!(!in_place || old.kind == new.kind);
        let before = alone(&old, stored(&old, SINCE - 60));
        let mut world = before.clone();
        let id = old.id.to_string();
        let mut faults = vec![Fault::None; waits];
        faults.push(Fault::Waited);
        let mut rolled_back = None;
        let answer = world.run_while(update(&id, &new, &old), at(SINCE), &faults, |world| {
            world.now = SINCE + 20;
            let answer = world.run(update(&id, &old, &new), at(SINCE + 15), &[]);
            rolled_back = Some((answer, world.settled()));
        });
        if let Some((rollback, after)) = rolled_back {
            prop_assert!(succeeded(&rollback), "{:?}", rollback);
            prop_assert_eq!(&after, &before.settled());
            let unchanged = old.details.are_contained_in(&new.details) && in_place;
            prop_assert!(unchanged || !succeeded(&answer), "{:?}", answer);
            prop_assert_eq!(world.settled(), after);
        }
    }

    /// A rollback that waits while the Update that it undoes is still at work undoes that too: it
    /// has seen the provider before, or CloudFormation says that it is the last request.
    #[test]
    fn a_rollback_undoes_late_changes(
        old in provider(), new in provider(), has_seen in any::<bool>(),
    ) {
        let new = Provider { id: old.id.clone(), kind: old.kind, ..new };
        prop_assume!(!old.details.are_contained_in(&new.details));
        let before = alone(&old, stored(&old, SINCE - 60));
        let mut world = before.clone();
        let id = old.id.to_string();
        let mut waits = 0_usize;
        world.superseded = has_seen;
        // The first wait ends in a look, the second in the change that it undoes.
        let faults = [Fault::Waited, Fault::None, Fault::Waited];
        let rollback = update(&id, &old, &new);
        let answer = world.run_while(rollback, at(SINCE + 15), &faults, |world| {
            waits += 1;
            if waits == 1 + usize::from(has_seen) {
                world.now = SINCE + 20;
                world.run(update(&id, &new, &old), at(SINCE + 19), &[]);
            }
        });
        prop_assert!(succeeded(&answer), "{:?}", answer);
        let held = &world.providers[&old.id];
        prop_assert_eq!(&held.details, &before.providers[&old.id].details);
    }

    /// A rename and its undoing lead back, with CloudFormation's clean-ups in between.
    #[test]
    fn a_rename_undone_leads_back(old in provider(), new in provider()) {
        prop_assume!(old.id != new.id);
        let mut world = World { providers: BTreeMap::new(), now: SINCE + 5, superseded: true };
        world.providers.insert(old.id.clone(), stored(&old, SINCE - 60));
        let before = world.clone();
        let renamed = world.run(update(&old.id.to_string(), &new, &old), at(SINCE), &[]);
        prop_assert_eq!(&renamed.physical_id, &new.id.to_string());
        prop_assert!(succeeded(&renamed));
        let back = world.run(update(&renamed.physical_id, &old, &new), at(SINCE + 60), &[]);
        prop_assert!(succeeded(&back), "{:?}", back);
        prop_assert_eq!(&back.physical_id, &old.id.to_string());
        world.run(delete(&renamed.physical_id, &new), at(SINCE + 61), &[]);
        prop_assert_eq!(world.settled(), before.settled());
    }

    /// A rename never touches a provider of the new name that differs from the desired one.
    #[test]
    fn a_rename_leaves_others_alone(
        old in provider(), new in provider(), before in world(), faults in vec(fault(), 0..6),
    ) {
        prop_assume!(old.id != new.id);
        let mut theirs = stored(&new, SINCE + 1);
        theirs.details.insert("client_secret".to_owned(), "theirs".to_owned());
        theirs.identifiers.clear();
        let mut world = before;
        world.providers.insert(new.id.clone(), theirs.clone());
        let answer = world.run(update(&old.id.to_string(), &new, &old), at(SINCE), &faults);
        prop_assert!(!succeeded(&answer));
        prop_assert_eq!(world.providers.get(&new.id), Some(&theirs));
    }

    /// Ids that CloudFormation made up, and those that say that nothing was made, delete nothing.
    #[test]
    fn a_delete_by_an_id_that_was_never_issued_makes_no_call(
        before in world(), id in "[ -~]{0,60}", described in provider(),
    ) {
        prop_assume!(!matches!(
            PhysicalId::from(id.as_str()),
            PhysicalId::Provider(_) | PhysicalId::Unconfirmed { .. }
        ));
        let mut world = before.clone();
        let answer = world.run(delete(&id, &described), at(SINCE), &[Fault::Refused]);
        prop_assert!(succeeded(&answer));
        prop_assert_eq!(answer.physical_id, id);
        prop_assert_eq!(world, before);
    }
}
