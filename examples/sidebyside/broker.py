"""A broker for openbrokerapi 4.7.3. broker.go is the same broker for openbroker."""

import os
import threading

import openbrokerapi.api
from openbrokerapi.auth import BrokerCredentials
from openbrokerapi.catalog import ServicePlan
from openbrokerapi.errors import (
    ErrAsyncRequired,
    ErrBindingAlreadyExists,
    ErrBindingDoesNotExist,
    ErrInstanceAlreadyExists,
    ErrInstanceDoesNotExist,
    ErrInvalidParameters,
)
from openbrokerapi.service_broker import (
    Binding,
    BindState,
    DeprovisionServiceSpec,
    GetBindingSpec,
    GetInstanceDetailsSpec,
    LastOperation,
    OperationState,
    ProvisionedServiceSpec,
    ProvisionState,
    Service,
    ServiceBroker,
    UnbindSpec,
    UpdateServiceSpec,
)

SERVICE = "b0c1a2f4-6a4c-4a43-9d0e-3c5c6d0f1a01"
SMALL = "b0c1a2f4-6a4c-4a43-9d0e-3c5c6d0f1a02"
LARGE = "b0c1a2f4-6a4c-4a43-9d0e-3c5c6d0f1a03"


class Broker(ServiceBroker):
    def __init__(self):
        self.lock = threading.Lock()
        self.instances = {}  # instance id -> (plan id, parameters)
        self.bindings = {}  # (instance id, binding id) -> application or None

    def catalog(self):
        return Service(
            id=SERVICE, name="notes", description="Notes, kept in memory.", bindable=True, plan_updateable=True,
            instances_retrievable=True, bindings_retrievable=True,
            plans=[
                ServicePlan(id=SMALL, name="small", description="Ready at once."),
                ServicePlan(id=LARGE, name="large", description="Ready at the first poll."),
            ],
        )

    def provision(self, instance_id, details, async_allowed, **kwargs):
        if details.plan_id == LARGE and not async_allowed:
            raise ErrAsyncRequired()
        title = (details.parameters or {}).get("title", "")
        if not isinstance(title, str):
            raise ErrInvalidParameters("title must be a string")
        with self.lock:
            wanted = (details.plan_id, details.parameters)
            found = self.instances.setdefault(instance_id, wanted)
            if found is not wanted and found != wanted:
                raise ErrInstanceAlreadyExists()
        dashboard = "https://notes.example.com/" + title
        if details.plan_id == LARGE:
            return ProvisionedServiceSpec(ProvisionState.IS_ASYNC, dashboard_url=dashboard, operation="create")
        if found is not wanted:
            return ProvisionedServiceSpec(ProvisionState.IDENTICAL_ALREADY_EXISTS, dashboard_url=dashboard)
        return ProvisionedServiceSpec(dashboard_url=dashboard)

    def update(self, instance_id, details, async_allowed, **kwargs):
        with self.lock:
            if instance_id not in self.instances:
                raise ErrInstanceDoesNotExist()
            plan_id, parameters = self.instances[instance_id]
            self.instances[instance_id] = (details.plan_id or plan_id, details.parameters or parameters)
        return UpdateServiceSpec(is_async=False)

    def deprovision(self, instance_id, details, async_allowed, **kwargs):
        with self.lock:
            if self.instances.pop(instance_id, None) is None:
                raise ErrInstanceDoesNotExist()
        return DeprovisionServiceSpec(is_async=False)

    def bind(self, instance_id, binding_id, details, async_allowed, **kwargs):
        application = details.bind_resource.app_guid if details.bind_resource else details.app_guid
        with self.lock:
            if instance_id not in self.instances:
                raise ErrInstanceDoesNotExist()
            exists = (instance_id, binding_id) in self.bindings
            if self.bindings.setdefault((instance_id, binding_id), application) != application:
                raise ErrBindingAlreadyExists()
        state = BindState.IDENTICAL_ALREADY_EXISTS if exists else BindState.SUCCESSFUL_BOUND
        return Binding(state, credentials=credentials(instance_id, details.authorization_username))

    def unbind(self, instance_id, binding_id, details, async_allowed, **kwargs):
        with self.lock:
            if (instance_id, binding_id) not in self.bindings:
                raise ErrBindingDoesNotExist()
            del self.bindings[instance_id, binding_id]
        return UnbindSpec(is_async=False)

    def get_instance(self, instance_id, **kwargs):
        with self.lock:
            if instance_id not in self.instances:
                raise ErrInstanceDoesNotExist()
            plan_id, parameters = self.instances[instance_id]
        return GetInstanceDetailsSpec(SERVICE, plan_id, parameters=parameters)

    def get_binding(self, instance_id, binding_id, **kwargs):
        with self.lock:
            if (instance_id, binding_id) not in self.bindings:
                raise ErrBindingDoesNotExist()
        return GetBindingSpec(credentials=credentials(instance_id, None))

    def last_operation(self, instance_id, operation_data, service_id, plan_id, **kwargs):
        with self.lock:
            if instance_id not in self.instances:
                raise ErrInstanceDoesNotExist()
        return LastOperation(OperationState.SUCCEEDED, "Done: " + (operation_data or "nothing"))


def credentials(instance_id, username):
    result = {"uri": "https://notes.example.com/api/" + instance_id}
    if username:
        result["created_by"] = username
    return result


if __name__ == "__main__":
    openbrokerapi.api.serve(
        Broker(), BrokerCredentials("admin", os.environ["PASSWORD"]), host="127.0.0.1", port=int(os.environ.get("PORT", "5000"))
    )
