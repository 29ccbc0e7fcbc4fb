"""Who is told what, and when: routes, groups, notices, and what became of them."""
