CREATE INDEX print_action_job ON print_action(job, n);
