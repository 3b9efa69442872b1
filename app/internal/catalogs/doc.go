// Package catalogs has the commands about catalogs in files and of running brokers:
// lint, diff and docs. It prints what packages catalog and catalog/lint find.
package catalogs
