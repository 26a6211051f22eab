use std::collections::BTreeMap;

use cfn_cognito_idp::{
    physical_id::PhysicalId,
    plan::{self, Answer, Call, Intent, Step},
    provider::{Declared, Members, Previous, Provider, ProviderType, Sources},
    secret::Details,
};
use proptest::{collection::vec, option, prelude::*, sample::select, sample::subsequence};

use crate::world::{Fault, World, stored};

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
        option::of(select(&["mail", "upn"][..])),
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
                    attribute_mapping: mapping
                        .map(|value| BTreeMap::from([("email".to_owned(), value.to_owned())])),
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
        physical_id: id.to_owned(),
        declared: declared(new, false),
        previous: Previous {
            id: Some(old.id.clone()),
            kind: Some(old.kind),
            members: old.members.clone(),
        },
    }
}

fn delete(id: &str, provider: &Provider) -> Intent {
    Intent::Delete {
        physical_id: id.to_owned(),
        described: Some(provider.clone()),
    }
}

fn declared(provider: &Provider, adopt_existing: bool) -> Declared {
    Declared {
        provider: provider.clone(),
        sources: Sources::new(),
        adopt_existing,
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
        let answer = world.run(create(&desired), SINCE, &faults);
        for (id, theirs) in &before.providers {
            prop_assert_eq!(world.providers.get(id), Some(theirs));
        }
        if succeeded(&answer) {
            let made = &world.providers[&desired.id];
            prop_assert_eq!(made, &stored(&desired, before.now));
        }
        let id = answer.physical_id;
        let undone = world.run(delete(&id, &desired), SINCE + 60, &[]);
        prop_assert!(succeeded(&undone));
        prop_assert_eq!(undone.physical_id, id);
        prop_assert_eq!(world, before);
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
            once.run(intent.clone(), SINCE, &[]);
            let mut twice = once.clone();
            let again = twice.run(intent.clone(), SINCE, &[]);
            let third = twice.clone().run(intent.clone(), SINCE, &[]);
            prop_assert_eq!(&again.physical_id, &third.physical_id);
            prop_assert_eq!(succeeded(&again), succeeded(&third));
            prop_assert_eq!(&twice, &once);

            let mut lossy = before.clone();
            let lost = lossy.run(intent.clone(), SINCE, &first);
            let found = lossy.clone().run(intent, SINCE, &[]);
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
        old in provider(), new in provider(), others in world(), at in 0_usize..4,
    ) {
        prop_assume!(old.id != new.id);
        let mut before = others;
        before.providers.clear();
        before.providers.insert(old.id.clone(), stored(&old, SINCE - 60));
        let mut faults = vec![Fault::None; at];
        faults.push(Fault::Refused);
        let mut world = before.clone();
        let id = old.id.to_string();
        let answer = world.run(update(&id, &new, &old), SINCE, &faults);
        if !succeeded(&answer) {
            prop_assert_eq!(&answer.physical_id, &id);
            prop_assert_eq!(&world, &before);

            let held = world.providers.get_mut(&old.id).unwrap();
            held.mapping = BTreeMap::from([("by".to_owned(), "hand".to_owned())]);
            held.identifiers = vec!["by.hand".to_owned()];
            let by_hand = held.clone();
            world.run(update(&id, &old, &new), SINCE, &[]);
            let held = &world.providers[&old.id];
            let Members { attribute_mapping, idp_identifiers, .. } = old.members;
            prop_assert_eq!(&held.mapping, &attribute_mapping.unwrap_or(by_hand.mapping));
            prop_assert_eq!(&held.identifiers, &idp_identifiers.unwrap_or(by_hand.identifiers));
        }
    }

    /// An Update in place sends a member as it is declared, empty if it was declared before, and
    /// not at all if it never was.
    #[test]
    fn what_was_never_declared_is_never_sent(old in provider(), new in provider()) {
        let (id, new) = (old.id.to_string(), Provider { id: old.id.clone(), kind: old.kind, ..new });
        let Step::Call(call, _) = plan::start(update(&id, &new, &old), SINCE) else {
            panic!("an Update calls Cognito");
        };
        let Call::Update { members, .. } = *call else {
            panic!("{call:?}");
        };
        let mappings = (&new.members.attribute_mapping, &old.members.attribute_mapping);
        let mapping = mappings.0.clone().or_else(|| mappings.1.as_ref().map(|_| BTreeMap::new()));
        prop_assert_eq!(members.attribute_mapping, mapping);
        let lists = (&new.members.idp_identifiers, &old.members.idp_identifiers);
        let list = lists.0.clone().or_else(|| lists.1.as_ref().map(|_| Vec::new()));
        prop_assert_eq!(members.idp_identifiers, list);
        prop_assert_eq!(members.acr_mapping, None);
    }

    /// A rename and its undoing lead back, with CloudFormation's clean-ups in between.
    #[test]
    fn a_rename_undone_leads_back(old in provider(), new in provider()) {
        prop_assume!(old.id != new.id);
        let mut world = World { providers: BTreeMap::new(), now: SINCE + 5 };
        world.providers.insert(old.id.clone(), stored(&old, SINCE - 60));
        let before = world.clone();
        let renamed = world.run(update(&old.id.to_string(), &new, &old), SINCE, &[]);
        prop_assert_eq!(&renamed.physical_id, &new.id.to_string());
        prop_assert!(succeeded(&renamed));
        let back = world.run(update(&renamed.physical_id, &old, &new), SINCE + 60, &[]);
        prop_assert!(succeeded(&back), "{:?}", back);
        prop_assert_eq!(&back.physical_id, &old.id.to_string());
        world.run(delete(&renamed.physical_id, &new), SINCE + 61, &[]);
        prop_assert_eq!(world, before);
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
        let answer = world.run(update(&old.id.to_string(), &new, &old), SINCE, &faults);
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
        let answer = world.run(delete(&id, &described), SINCE, &[Fault::Refused]);
        prop_assert!(succeeded(&answer));
        prop_assert_eq!(answer.physical_id, id);
        prop_assert_eq!(world, before);
    }
}
