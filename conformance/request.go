package conformance

import "slices"

// The following make and change templates. Each returns a copy.

func to(endpoint Endpoint) Request { return Request{Endpoint: endpoint} }

// poll asks for the operation of an earlier step.
func poll(endpoint Endpoint, step string) Request {
	return Request{Endpoint: endpoint, OperationOf: step}
}

// on sends the request to another instance of the scenario.
func (r Request) on(instance string) Request {
	r.Instance = instance
	return r
}

// as sends the request to another binding of the scenario.
func (r Request) as(binding string) Request {
	r.Binding = binding
	return r
}

// set sets a member of the body.
func (r Request) set(name string, value any) Request {
	r.Body = append(slices.Clone(r.Body), Edit{Name: name, Value: value})
	return r
}

// without drops members of the body.
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

// noQuery drops query parameters.
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

// noHead drops a header.
func (r Request) noHead(name string) Request {
	r.Header = append(slices.Clone(r.Header), Edit{Name: name, Drop: true})
	return r
}

// raw sends a body literally.
func (r Request) raw(body string) Request {
	r.Raw, r.HasRaw = body, true
	return r
}

// around puts text around the body.
func (r Request) around(before, after string) Request {
	r.Before, r.After = before, after
	return r
}

// anonymous sends no credentials.
func (r Request) anonymous() Request {
	r.Anonymous = true
	return r
}

// at replaces the path.
func (r Request) at(path string) Request {
	r.Path = path
	return r
}

// undefined says that the specification does not have the request.
func (r Request) undefined() Request {
	r.Undefined = true
	return r
}

// synchronous does not accept an asynchronous operation.
func (r Request) synchronous() Request { return r.noQuery("accepts_incomplete") }
