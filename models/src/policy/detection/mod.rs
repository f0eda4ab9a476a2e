//! Who is well: active checks and passive ejection.
