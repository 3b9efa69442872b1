package conformance

import "slices"

// The following functions make and change templates. Each returns a copy.

func to(endpoint Endpoint) Request { return Request{Endpoint: endpoint} }

// poll polls the operation of an earlier step.
func poll(endpoint Endpoint, step string) Request {
	return Request{Endpoint: endpoint, OperationOf: step}
}

// on selects another instance of the scenario.
func (r Request) on(instance string) Request {
	r.Instance = instance
	return r
}

// as selects another binding of the scenario.
func (r Request) as(binding string) Request {
	r.Binding = binding
	return r
}

// set sets a member of the body.
func (r Request) set(name string, value any) Request {
	r.Body = append(slices.Clone(r.Body), Edit{Name: name, Value: value})
	return r
}

// without removes members of the body.
func (r Request) without(names ...string) Request {
	for _, name := range names {
		r.Body = append(slices.Clone(r.Body), Edit{Name: name, Drop: true})
	}
	return r
}

// ask sets a query parameter.
func (r Request) ask(name, value string) Request {
	r.Query = append(slices.Clone(r.Query), Edit{Name: name, Value: value})
	return r
}

// noQuery removes query parameters.
func (r Request) noQuery(names ...string) Request {
	for _, name := range names {
		r.Query = append(slices.Clone(r.Query), Edit{Name: name, Drop: true})
	}
	return r
}

// head sets a header.
func (r Request) head(name, value string) Request {
	r.Header = append(slices.Clone(r.Header), Edit{Name: name, Value: value})
	return r
}

// noHead removes a header.
func (r Request) noHead(name string) Request {
	r.Header = append(slices.Clone(r.Header), Edit{Name: name, Drop: true})
	return r
}

// raw replaces the body with a literal text.
func (r Request) raw(body string) Request {
	r.Raw, r.HasRaw = body, true
	return r
}

// around puts text around the body.
func (r Request) around(before, after string) Request {
	r.Before, r.After = before, after
	return r
}

// anonymous removes the credentials.
func (r Request) anonymous() Request {
	r.Anonymous = true
	return r
}

// at replaces the path.
func (r Request) at(path string) Request {
	r.Path = path
	return r
}

// undefined marks the request as one that the specification does not define.
func (r Request) undefined() Request {
	r.Undefined = true
	return r
}

// synchronous removes accepts_incomplete.
func (r Request) synchronous() Request { return r.noQuery("accepts_incomplete") }
