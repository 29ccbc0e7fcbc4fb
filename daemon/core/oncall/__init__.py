"""Who has to answer: schedules, overrides, hand-overs, and the policy's steps."""
