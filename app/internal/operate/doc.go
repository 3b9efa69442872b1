// Package operate has the commands for operators: admin and keyset. What they do is in
// packages durable/admin, durable/archive and seal.
package operate
