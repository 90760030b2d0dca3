"""Results for people and for programs: tables, JSON, HTML. Everything here returns text or data and prints nothing."""
