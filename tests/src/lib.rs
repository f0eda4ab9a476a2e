//! Nothing lives here: the tests stand in `it/`, one binary so that they link once.
