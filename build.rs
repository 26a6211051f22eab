//! Links the executable to fixed addresses, so that the loader need not relocate it at each start. What
//! that brings and what it costs is in `docs/decisions/0010-provider-details-from.md`.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
