//! The planner: a seeded walk over the graph that returns late and ends on the exact frame.
