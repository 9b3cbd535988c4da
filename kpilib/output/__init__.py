"""Files in and out: tables of facts to be scored, and the results as CSV, .xlsx or JSON."""
