"""Where rows come from, and what is known of them before anything is sent."""
