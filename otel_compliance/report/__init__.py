"""What people see: Grafana dashboards, alert rules, the HTML report."""
