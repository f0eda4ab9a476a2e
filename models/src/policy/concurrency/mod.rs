//! How one server shares itself among the jobs it holds: preemptive and sharing disciplines.
