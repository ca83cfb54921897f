"""Making the browser editor from its sources without Node.js: fetch, verify, unpack, bundle. Standard library alone."""
