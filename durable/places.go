package durable

import "sync"

// places limit how many operations this replica works on. Platforms share the places
// fairly, and so do the services of a platform. So slow operations of one client leave
// room for other clients, and clean-ups leave room for creations.
type places struct {
	mu sync.Mutex
	// size is the number of places. One platform may take perPlatform of them, one
	// service of a platform perService, and internal operations forInternal.
	size, perPlatform, perService, forInternal int
	// taken includes the reserved places.
	taken     int
	internal  int
	platforms map[string]int
	services  map[PlatformService]int
}

// A place is the platform and service of an operation that takes a place. The service
// is empty until it is known.
type place struct {
	of       PlatformService
	internal bool
}

func newPlaces(size, perPlatform int) *places {
	return &places{
		size: size, perPlatform: perPlatform, perService: perPlatform, forInternal: max(1, size/2),
		platforms: map[string]int{}, services: map[PlatformService]int{},
	}
}

// most returns three quarters, the limit for one of several platforms or services.
func most(of int) int { return of - of/4 }

// share sets the limit of a service. A catalog with one service needs none.
func (p *places) share(services int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.perService = p.perPlatform
	if services > 1 {
		p.perService = most(p.perPlatform)
	}
}

// take takes a place for an operation that was just accepted, if the limits allow it.
func (p *places) take(who place) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken >= p.size || p.platforms[who.of.Platform] >= p.perPlatform || p.services[who.of] >= p.perService ||
		who.internal && p.internal >= p.forInternal {
		return false
	}
	p.taken++
	p.count(who, 1)
	return true
}

// reserve takes half of the free places for a claim. The others stay free for requests
// that arrive during the claim.
func (p *places) reserve() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := (p.size - p.taken + 1) / 2
	p.taken += n
	return n
}

// use assigns a reserved place to an operation.
func (p *places) use(who place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count(who, 1)
}

// unreserve returns unused reserved places. It reports whether a place is free.
func (p *places) unreserve(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken -= n
	return p.taken < p.size
}

// learn sets the service of a place.
func (p *places) learn(who *place, service string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count(*who, -1)
	who.of.ServiceID = service
	p.count(*who, 1)
}

// release returns a place.
func (p *places) release(who place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	p.count(who, -1)
}

func (p *places) count(who place, n int) {
	if who.internal {
		p.internal += n
	}
	if p.platforms[who.of.Platform] += n; p.platforms[who.of.Platform] == 0 {
		delete(p.platforms, who.of.Platform)
	}
	if who.of.ServiceID == "" {
		return
	}
	if p.services[who.of] += n; p.services[who.of] == 0 {
		delete(p.services, who.of)
	}
}

// leave returns the platforms and services that have reached their limits, which a
// claim must exclude, and how many operations it may claim so that no other platform or
// service exceeds its limit. If fair is true, it also excludes platforms and services
// that have their share, so that others come first.
func (p *places) leave(fair bool) (leave ClaimExclusion, limit int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	limit = p.size
	ofPlatform, ofService, ofInternal := p.perPlatform, p.perService, p.forInternal
	if fair {
		ofPlatform = min(ofPlatform, max(1, p.size/(len(p.platforms)+1)))
		ofService = min(ofService, max(1, ofPlatform/2))
		ofInternal = max(1, p.size/4)
	}
	for platform, n := range p.platforms {
		if n >= ofPlatform {
			leave.Platforms = append(leave.Platforms, platform)
			continue
		}
		limit = min(limit, ofPlatform-n)
	}
	for service, n := range p.services {
		if n >= ofService {
			leave.Services = append(leave.Services, service)
			continue
		}
		limit = min(limit, ofService-n)
	}
	if leave.Internal = p.internal >= ofInternal; !leave.Internal {
		limit = min(limit, ofInternal-p.internal)
	}
	return leave, min(limit, ofPlatform, ofService)
}

// held returns the number of places that are taken.
func (p *places) held() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}
