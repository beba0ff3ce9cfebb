import type { ChangeColumns } from '../platform/http/change-columns.ts'
import type { RouteDescription } from '../platform/http/surface.ts'
import { apiPath } from './api/api-target.ts'
import {
  type SessionCall,
  createLogin,
  getAbilities,
  getSession,
  signOut,
  signOutEverywhere,
} from './api/session-endpoints.ts'
import type { Context } from './sessions/context.ts'

/** An endpoint that the portal itself serves. Its need is that a page of the portal sent the request with a valid session. */
export type SessionRow = RouteDescription &
  ChangeColumns<'GET' | 'POST'> & {
    readonly need: 'portal-session'
    readonly handle: (context: Context, call: SessionCall) => Promise<object | undefined>
  }

// prettier-ignore
export const sessionRows: readonly SessionRow[] = [
  { id: 'portal.session.get',                method: 'GET',  path: `${apiPath}/session`,                    need: 'portal-session', cost: 'small',  handle: getSession },
  { id: 'portal.abilities.get',              method: 'GET',  path: `${apiPath}/abilities`,                  need: 'portal-session', cost: 'list',   handle: getAbilities },
  { id: 'portal.session.signOut',            method: 'POST', path: `${apiPath}/session/sign-out`,            need: 'portal-session', cost: 'change', stepUp: 'no: the request only ends a session or revokes access', body: 'none', handle: signOut },
  { id: 'portal.session.signOutEverywhere',  method: 'POST', path: `${apiPath}/session/sign-out-everywhere`, need: 'portal-session', cost: 'change', stepUp: true, body: 'none', handle: signOutEverywhere },
  { id: 'portal.session.registryLogin',      method: 'POST', path: `${apiPath}/session/registry-login`,      need: 'portal-session', cost: 'change', stepUp: true, body: 'none', handle: createLogin },
]

/** The methods of requests that the portal forwards to the surfaces. */
export const dispatchedMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

// prettier-ignore
/** The requests that the portal forwards. The surface that answers a request checks its own need. */
const dispatchedRows: readonly RouteDescription[] = [
  { id: 'portal.arm',      method: dispatchedMethods, path: `${apiPath}/arm/{path}`,                    need: 'portal-session', cost: 'small', body: 'json', passesOn: true },
  { id: 'portal.graph',    method: dispatchedMethods, path: `${apiPath}/graph/{path}`,                  need: 'portal-session', cost: 'small', body: 'json', passesOn: true },
  { id: 'portal.registry', method: dispatchedMethods, path: `${apiPath}/registry/{loginServer}/{path}`, need: 'portal-session', cost: 'small', body: 'json', passesOn: true },
]

// prettier-ignore
/** The addresses that a browser opens as pages. */
export const pageRows = [
  { id: 'portal.root',      method: 'GET',  path: '/',                 need: 'public', cost: 'small' },
  { id: 'portal.signIn',    method: 'GET',  path: '/portal/sign-in',   need: 'public', cost: 'change' },
  { id: 'portal.signedIn',  method: 'GET',  path: '/portal/signed-in', need: 'public', cost: 'change' },
  { id: 'portal.page.get',  method: 'GET',  path: '/portal',           need: 'public', cost: 'small' },
  { id: 'portal.page.head', method: 'HEAD', path: '/portal',           need: 'public', cost: 'small' },
  { id: 'portal.file.get',  method: 'GET',  path: '/portal/{file}',    need: 'public', cost: 'small' },
  { id: 'portal.file.head', method: 'HEAD', path: '/portal/{file}',    need: 'public', cost: 'small' },
  { id: 'portal.docs.get',  method: 'GET',  path: '/docs',             need: 'public', cost: 'small' },
  { id: 'portal.docs.head', method: 'HEAD', path: '/docs',             need: 'public', cost: 'small' },
  { id: 'portal.doc.get',   method: 'GET',  path: '/docs/{file}',      need: 'public', cost: 'small' },
  { id: 'portal.doc.head',  method: 'HEAD', path: '/docs/{file}',      need: 'public', cost: 'small' },
] as const satisfies readonly RouteDescription[]

/** The table of the portal's routes. */
export const portalRoutes: readonly RouteDescription[] = [
  ...pageRows,
  ...sessionRows.map(({ handle: _handle, ...row }) => row),
  ...dispatchedRows,
]
