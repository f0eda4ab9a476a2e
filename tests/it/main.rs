//! The workspace's tests, one module a subject.

mod theory;
