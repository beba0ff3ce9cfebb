import {
  addApplicationOwner,
  listApplicationOwners,
  listServicePrincipalOwners,
  removeApplicationOwner,
} from './application-owners.ts'
import {
  createApplication,
  deleteApplication,
  getApplication,
  listApplications,
  updateApplication,
} from './applications.ts'
import {
  createFederatedCredential,
  deleteFederatedCredential,
  federatedCredentialChangeBody,
  federatedCredentialSchema,
  federatedCredentialsSchema,
  getFederatedCredential,
  listFederatedCredentials,
  newFederatedCredentialBody,
  updateFederatedCredential,
} from './federated-credentials.ts'
import { deleteDirectoryObject, getByIds, getOwnedObjects } from './objects.ts'
import { testToken, tokenTestBody, tokenTestSchema } from './token-test.ts'
import { addPassword, removePassword } from './passwords.ts'
import {
  createServicePrincipal,
  deleteServicePrincipal,
  getServicePrincipal,
  listServicePrincipals,
  updateServicePrincipal,
} from './service-principals.ts'
import { referenceBody } from '../protocol/body.ts'
import {
  applicationPageSchema,
  applicationSchema,
  directoryObjectsSchema,
  ownedObjectsSchema,
  passwordCredentialSchema,
  servicePrincipalPageSchema,
  servicePrincipalSchema,
} from '../protocol/documents.ts'
import { type GraphRow, graphRow } from '../protocol/route.ts'
import {
  addPasswordBody,
  applicationChangeBody,
  getByIdsBody,
  newApplicationBody,
  newServicePrincipalBody,
  removePasswordBody,
  servicePrincipalChangeBody,
} from './bodies.ts'

/** The routes of applications, service principals and directory objects. */
// prettier-ignore
export const applicationRoutes: readonly GraphRow[] = [
  graphRow({ id: 'graph.applications.list',               method: 'GET',    path: '/applications',                         cost: 'list', need: 'visible',           response: applicationPageSchema, handle: listApplications }),
  graphRow({ id: 'graph.applications.create',             method: 'POST',   path: '/applications',                         cost: 'heavy-change', stepUp: 'no: the request grants no access and adds no content', need: 'directory-owner',   body: newApplicationBody, response: applicationSchema, handle: createApplication }),
  graphRow({ id: 'graph.applications.get',                method: 'GET',    path: '/applications/:id',                     cost: 'read', need: 'visible',           response: applicationSchema, handle: getApplication }),
  graphRow({ id: 'graph.applications.update',             method: 'PATCH',  path: '/applications/:id',                     cost: 'heavy-change', stepUp: true, need: 'application-owner', body: applicationChangeBody, response: 'none', handle: updateApplication }),
  graphRow({ id: 'graph.applications.delete',             method: 'DELETE', path: '/applications/:id',                     cost: 'heavy-change', stepUp: true, need: 'directory-owner',   response: 'none', handle: deleteApplication }),
  graphRow({ id: 'graph.applications.addPassword',        method: 'POST',   path: '/applications/:id/addPassword',         cost: 'heavy-change', stepUp: true, need: 'application-owner', body: addPasswordBody, response: passwordCredentialSchema, handle: addPassword('applications') }),
  graphRow({ id: 'graph.applications.removePassword',     method: 'POST',   path: '/applications/:id/removePassword',      cost: 'heavy-change', stepUp: true, need: 'application-owner', body: removePasswordBody, response: 'none', handle: removePassword('applications') }),
  graphRow({ id: 'graph.applications.owners',             method: 'GET',    path: '/applications/:id/owners',              cost: 'list', need: 'visible',           response: directoryObjectsSchema, handle: listApplicationOwners }),
  graphRow({ id: 'graph.applications.addOwner',           method: 'POST',   path: '/applications/:id/owners/$ref',         cost: 'heavy-change', stepUp: true, need: 'application-owner', body: referenceBody, response: 'none', handle: addApplicationOwner }),
  graphRow({ id: 'graph.applications.removeOwner',        method: 'DELETE', path: '/applications/:id/owners/:owner/$ref',  cost: 'heavy-change', stepUp: true, need: 'application-owner', response: 'none', handle: removeApplicationOwner }),
  graphRow({ id: 'graph.federatedCredentials.list',       method: 'GET',    path: '/applications/:id/federatedIdentityCredentials',             cost: 'list', need: 'visible',           response: federatedCredentialsSchema, handle: listFederatedCredentials }),
  graphRow({ id: 'graph.federatedCredentials.create',     method: 'POST',   path: '/applications/:id/federatedIdentityCredentials',             cost: 'heavy-change', stepUp: true, need: 'application-owner', body: newFederatedCredentialBody, response: federatedCredentialSchema, handle: createFederatedCredential }),
  graphRow({ id: 'graph.federatedCredentials.get',        method: 'GET',    path: '/applications/:id/federatedIdentityCredentials/:credential', cost: 'read', need: 'visible',           response: federatedCredentialSchema, handle: getFederatedCredential }),
  graphRow({ id: 'graph.federatedCredentials.update',     method: 'PATCH',  path: '/applications/:id/federatedIdentityCredentials/:credential', cost: 'heavy-change', stepUp: true, need: 'application-owner', body: federatedCredentialChangeBody, response: 'none', handle: updateFederatedCredential }),
  graphRow({ id: 'graph.federatedCredentials.delete',     method: 'DELETE', path: '/applications/:id/federatedIdentityCredentials/:credential', cost: 'heavy-change', stepUp: true, need: 'application-owner', response: 'none', handle: deleteFederatedCredential }),
  graphRow({ id: 'graph.applications.testToken',          method: 'POST',   path: '/applications/:id/testWorkloadToken',   cost: 'heavy-change', stepUp: 'no: the request only reads data', need: 'application-owner', body: tokenTestBody, response: tokenTestSchema, handle: testToken }),
  graphRow({ id: 'graph.servicePrincipals.list',          method: 'GET',    path: '/servicePrincipals',                    cost: 'list', need: 'visible',           response: servicePrincipalPageSchema, handle: listServicePrincipals }),
  graphRow({ id: 'graph.servicePrincipals.create',        method: 'POST',   path: '/servicePrincipals',                    cost: 'heavy-change', stepUp: 'no: the request grants no access and adds no content', need: 'directory-owner',   body: newServicePrincipalBody, response: servicePrincipalSchema, handle: createServicePrincipal }),
  graphRow({ id: 'graph.servicePrincipals.get',           method: 'GET',    path: '/servicePrincipals/:id',                cost: 'read', need: 'visible',           response: servicePrincipalSchema, handle: getServicePrincipal }),
  graphRow({ id: 'graph.servicePrincipals.update',        method: 'PATCH',  path: '/servicePrincipals/:id',                cost: 'heavy-change', stepUp: true, need: 'application-owner', body: servicePrincipalChangeBody, response: 'none', handle: updateServicePrincipal }),
  graphRow({ id: 'graph.servicePrincipals.delete',        method: 'DELETE', path: '/servicePrincipals/:id',                cost: 'heavy-change', stepUp: true, need: 'directory-owner',   response: 'none', handle: deleteServicePrincipal }),
  graphRow({ id: 'graph.servicePrincipals.owners',        method: 'GET',    path: '/servicePrincipals/:id/owners',         cost: 'list', need: 'visible',           response: directoryObjectsSchema, handle: listServicePrincipalOwners }),
  graphRow({ id: 'graph.servicePrincipals.addPassword',   method: 'POST',   path: '/servicePrincipals/:id/addPassword',    cost: 'heavy-change', stepUp: true, need: 'application-owner', body: addPasswordBody, response: passwordCredentialSchema, handle: addPassword('servicePrincipals') }),
  graphRow({ id: 'graph.servicePrincipals.removePassword', method: 'POST',  path: '/servicePrincipals/:id/removePassword', cost: 'heavy-change', stepUp: true, need: 'application-owner', body: removePasswordBody, response: 'none', handle: removePassword('servicePrincipals') }),
  graphRow({ id: 'graph.me.ownedObjects',                 method: 'GET',    path: '/me/ownedObjects',                      cost: 'list', need: 'visible',           response: ownedObjectsSchema, handle: getOwnedObjects }),
  graphRow({ id: 'graph.directoryObjects.getByIds',       method: 'POST',   path: '/directoryObjects/getByIds',            cost: 'list', stepUp: 'no: the request only reads data', need: 'visible',           body: getByIdsBody, response: directoryObjectsSchema, handle: getByIds }),
  graphRow({ id: 'graph.directoryObjects.delete',         method: 'DELETE', path: '/directoryObjects/:id',                 cost: 'heavy-change', stepUp: true, need: 'directory-owner',   response: 'none', handle: deleteDirectoryObject }),
]
