//! Enums whose variants have names in templates.

/// Defines an enum from its variants and their names, so that no list of either can miss one.
macro_rules! named {
    (
        $(#[$about:meta])*
        $visibility:vis enum $name:ident { $($variant:ident = $text:literal,)+ }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the names say it")]
        $visibility enum $name { $($variant,)+ }

        impl $name {
            /// All of them, in the order in which messages list them.
            $visibility const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            /// The name in templates.
            $visibility const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The one of that name.
            $visibility fn from_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|it| it.as_str() == name)
            }
        }
    };
}

pub(crate) use named;
