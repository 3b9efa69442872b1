// Package servicetest tests a provider of a real service against its real server.
//
// A provider describes itself once, as a [Service], and calls the tests that it wants:
//
//	func TestLifeCycle(t *testing.T)  { service(t).LifeCycle(t) }
//	func TestCrashes(t *testing.T)    { service(t).Crashes(t) }
//
// Each test starts a broker: the engine on a database of its own, the provider, and an
// HTTP server. It acts as a platform through package client, and as an application
// through the provider's driver. In the end nothing of the broker may be left on the
// server: see [Service.Dump].
package servicetest
