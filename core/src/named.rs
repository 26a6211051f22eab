//! Enums whose variants have names in templates.

/// Defines an enum, the list of its variants, and the conversions to and from their names in
/// templates.
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
            /// All variants, in the order in which messages list them.
            $visibility const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            /// Returns the name that templates use.
            $visibility const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// Returns the variant with this name, if there is one.
            $visibility fn from_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|it| it.as_str() == name)
            }
        }
    };
}

pub(crate) use named;
