//! Systems that once broke a law, each small and under the name of what was wrong.
