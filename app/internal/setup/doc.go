// Package setup is what serve and the commands for operators share: from the flags and
// the configuration file to the catalog, the providers, the store and the keyset. It
// changes nothing that these commands do not ask for.
package setup
