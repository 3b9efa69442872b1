package openbroker_test

import (
	"net/http"
	"testing"

	"github.com/openbroker/openbroker"
)

func TestUnbindRequest(t *testing.T) {
	t.Parallel()
	broker := &fakeBroker{}
	s := serve(t, broker)
	s.do(http.MethodDelete, bindingPath+deleteQuery+"&"+acceptIncomplete, "", openbroker.HeaderOriginatingIdentity+": cf e30=").wantBody(t, http.StatusOK, "{}")
	r := lastReceived[*openbroker.UnbindRequest](t, broker)
	if !r.AcceptsIncomplete || r.Caller.Identity.Platform != "cf" || r.Service.ID != serviceID || r.Plan.ID != planID {
		t.Errorf("got %+v", r)
	}
}
