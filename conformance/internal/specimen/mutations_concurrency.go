package specimen

func concurrencyClauses() []clause {
	return []clause{
		{"Blocking Operations", "concurrent provisions are processed, or refused with 422 ConcurrencyError", "concurrent-provisions", []fault{
			{"concurrency.provision-500", "500"},
		}},
		{"Blocking Operations", "only one of several concurrent requests creates the resource", "concurrent-provisions-once", []fault{
			{"concurrency.double-provision", "two create the instance"},
		}},
		{"Blocking Operations", "concurrent binds are processed, or refused with 422 ConcurrencyError", "concurrent-binds", []fault{
			{"concurrency.bind-500", "500"},
		}},
		{"Blocking Operations", "only one of several concurrent requests creates the resource", "concurrent-binds-once", []fault{
			{"concurrency.double-bind", "two create the binding"},
		}},
		{"Blocking Operations", "concurrent binds with different ids are processed, or refused with 422 ConcurrencyError", "concurrent-bindings", []fault{
			{"concurrency.two-bindings-500", "500"},
		}},
		{"Blocking Operations", "concurrent unbinds are processed, or refused with 422 ConcurrencyError", "concurrent-unbinds", []fault{
			{"concurrency.unbind-500", "500"},
		}},
		{"Blocking Operations", "only one of several concurrent unbinds deletes the binding", "concurrent-unbinds-once", []fault{
			{"concurrency.double-unbind", "two do"},
		}},
		{"Blocking Operations", "concurrent deprovisions are processed, or refused with 422 ConcurrencyError", "concurrent-deprovisions", []fault{
			{"concurrency.deprovision-500", "500"},
		}},
		{"Blocking Operations", "only one of several concurrent deprovisions deletes the instance", "concurrent-deprovisions-once", []fault{
			{"concurrency.double-deprovision", "two do"},
		}},
		{"Deprovisioning", "the deletion leaves nothing behind", "concurrent-leaves-nothing", []fault{
			{"provision.counts-references", "requires as many deprovisions as there were provisions"},
		}},
		{"Vendor Extension Fields", "unknown fields of a provision are ignored", "extension-provision", []fault{
			{"extension.object-500", "500 if a field is not a string"},
			{"extension.refused-on-provision", "400"},
		}},
		{"Vendor Extension Fields", "the context is opaque", "extension-unknown-platform", []fault{
			{"context.unknown-platform-refused", "400 for an unknown platform"},
		}},
		{"Vendor Extension Fields", "unknown fields of an update are ignored", "extension-update", []fault{
			{"extension.refused-on-update", "400"},
		}},
		{"Vendor Extension Fields", "unknown fields of a bind are ignored", "extension-bind", []fault{
			{"extension.refused-on-bind", "400"},
		}},
		{"Change Policy for Minor Versions", "unknown query parameters are ignored", "extension-poll-query", []fault{
			{"poll-instance.unknown-query-400", "400 for a poll"},
		}},
		{"Change Policy for Minor Versions", "unknown query parameters are ignored", "extension-unbind-query", []fault{
			{"unbind.unknown-query-400", "400 for an unbind"},
		}},
		{"Change Policy for Minor Versions", "unknown query parameters are ignored", "extension-deprovision-query", []fault{
			{"deprovision.unknown-query-400", "400 for a deprovision"},
		}},
	}
}
