"""What people read before and after a change: plans, reports, comparisons and pictures of a cloud."""
