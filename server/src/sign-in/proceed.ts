import type { FastifyReply } from 'fastify'
import type { AuthorizationRefusal, AuthorizationRequest, AuthorizationResponse } from '../identity/index.ts'
import type { User } from '../directory/index.ts'
import { instant } from './account.ts'
import { assets } from './assets.ts'
import { showEnrolment } from './show-enrolment.ts'
import { PageError } from './errors.ts'
import { html } from './html.ts'
import { mayAddMethods, nextStep } from './next-step.ts'
import { confirmPage, consentPage, devicePage, formPostPage } from './pages/answer-pages.ts'
import { type PasswordProblem, choosePage, newPasswordPage, passwordPage } from './pages/sign-in-pages.ts'
import { showSecondFactor } from './show-second-factor.ts'
import type { Account, PendingAccount } from './sessions.ts'
import { type PageCall, type Site, flowPath, goTo, sendPage } from './site.ts'
import { type Stage, show, formOf } from './stage.ts'

/** Shows the next page of a sign-in, or sends the browser to its end. */
export async function proceed(stage: Stage): Promise<FastifyReply> {
  const { site, call, flow, way } = stage
  if (way.kind === 'refused') return respond(site, call, way.response)
  const step = nextStep(flow, way.demand, call.caller.session)
  if (way.kind === 'authorize' && way.request.prompt === 'none') return proceedSilently(stage, way.request, step)
  switch (step.kind) {
    case 'choose':
      return show(stage, { title: 'Pick an account', body: choosePage(formOf(stage), step.accounts) })
    case 'prove':
      return showPassword(stage, step.hint)
    case 'go-on':
      return goOn(stage, step.account)
    case 'proved':
      return finish(stage, step.account)
  }
}

/** Asks for the password, or tells what was wrong with it. */
export function showPassword(
  stage: Stage,
  hint: string | undefined,
  problem?: PasswordProblem,
  status = 200,
): Promise<FastifyReply> {
  const { site, call, flow } = stage
  const { needsLocalProof = false } = stage.way.demand
  const otherWays = needsLocalProof ? [] : site.otherProviders(site.flows.write(call.caller.browser, flow))
  const passkey = { label: 'Sign in with a passkey', href: flowPath(site, call.caller, flow, '/passkey') }
  const ways = site.passkeys.isAvailable ? [passkey, ...otherWays] : otherWays
  const reason = needsLocalProof
    ? 'To change how you sign in, enter your password or use a passkey. If you do not know your password, ask an owner of the directory to reset it.'
    : undefined
  const shown = { hint, reason, ...(problem === undefined ? {} : { problem }), otherWays: ways }
  const body = passwordPage(formOf(stage), shown)
  return show(stage, { title: 'Sign in', body, status, hasError: problem !== undefined })
}

/** Brings an answer to the client that asked. */
export async function respond(site: Site, { reply }: PageCall, response: AuthorizationResponse): Promise<FastifyReply> {
  const { redirectUri, responseMode, parameters } = response
  if (responseMode === 'form_post') {
    const body = formPostPage(redirectUri, parameters)
    return sendPage(site, reply, { title: 'Continue', body, script: assets.submitScript.path, redirectUri })
  }
  const url = new URL(redirectUri)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value)
  return reply
    .code(303)
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .header('location', url.href)
    .send()
}

/** Whether the client can be trusted to be who it says only because the person says so. [RFC 8252 §8.6] */
export function isToConfirm({ client, redirectUri }: AuthorizationRequest): boolean {
  return client.kind === 'public' || !redirectUri.startsWith('https:')
}

/** What a token is to be for, in words. */
export function resourceName(audience: string): string {
  switch (audience) {
    case 'arm':
      return 'Management of your registries'
    case 'acr':
      return 'Your registries'
    case 'graph':
      return 'The directory'
    default:
      return 'Your name and user name'
  }
}

async function proceedSilently(
  stage: Stage,
  request: AuthorizationRequest,
  step: ReturnType<typeof nextStep>,
): Promise<FastifyReply> {
  const { site, call } = stage
  const refuse = (refusal: AuthorizationRefusal, text: string) =>
    respond(site, call, site.protocol.refuseAuthorization(request, refusal, text))
  if (step.kind === 'choose') {
    return refuse(
      'account_selection_required',
      'AADSTS16000: Several accounts are signed in, and one has to be picked.',
    )
  }
  if (step.kind !== 'proved') {
    return refuse('login_required', 'AADSTS50058: A silent sign-in request was sent but no user is signed in.')
  }
  if (isToConfirm(request)) {
    return refuse('interaction_required', 'AADSTS50199: The user has to confirm that they started the sign-in.')
  }
  const { client, resource } = request
  if (!(await site.consents.has(step.account.user.objectId, client.clientId, resource.audience))) {
    return refuse('consent_required', 'AADSTS65001: The user has not consented to use the application.')
  }
  return respond(site, call, await site.protocol.issueCode(request, step.account))
}

function goOn(stage: Stage, account: PendingAccount): Promise<FastifyReply> {
  switch (account.remaining[0]) {
    case 'second-factor':
      return showSecondFactor(stage, account)
    case 'enrolment':
      return mayAddMethods(account) ? showEnrolment(stage, account) : askForLocalProof(stage, account)
    case 'new-password':
      return showNewPassword(stage, account.user)
  }
}

/** Asks a person whom another provider authenticated for a method of this directory. */
function askForLocalProof(stage: Stage, { user }: PendingAccount): Promise<FastifyReply> {
  const demand = { ...stage.way.demand, needsLocalProof: true }
  return showPassword({ ...stage, way: { ...stage.way, demand } }, user.userPrincipalName)
}

/** Asks for a new password, and lists the other sign-in methods, which stay unless the person removes them. */
export async function showNewPassword(
  stage: Stage,
  { objectId, userPrincipalName }: User,
  problem?: string,
): Promise<FastifyReply> {
  const { credentials, directory } = stage.site
  const { totp } = await credentials.secondFactors.of(objectId)
  const passkeys = await credentials.secondFactors.passkeysOf(objectId)
  const identities = await directory.people.identitiesOf(objectId)
  const otherMethods = [
    ...(totp ? [html`An authenticator app`] : []),
    ...passkeys.map(
      ({ displayName, createdAtMs }) => html`The passkey “${displayName}”, added ${instant(createdAtMs)}`,
    ),
    ...identities.map(({ issuer }) => html`Your account at ${issuer}, which only an owner of the directory can unlink`),
  ]
  const body = newPasswordPage(formOf(stage), userPrincipalName, { problem, otherMethods })
  const hasError = problem !== undefined
  return show(stage, { title: 'Choose a new password', body, status: hasError ? 400 : 200, hasError })
}

async function finish(stage: Stage, account: Account): Promise<FastifyReply> {
  const { site, call, flow, way } = stage
  const form = {
    formToken: call.caller.formToken,
    flow: site.flows.write(call.caller.browser, { ...flow, chosen: account.user.objectId }),
  }
  switch (way.kind) {
    case 'refused':
      throw new PageError('expired')
    case 'account':
      return goTo(call.reply, `/account/${way.destination}?account=${account.user.objectId}`)
    case 'device': {
      const { client, resource, requestedFrom, expiresAtMs } = way.request
      const expires = `${new Date(expiresAtMs).toISOString().slice(11, 16)} UTC`
      const body = devicePage(form, {
        account,
        clientName: client.displayName,
        resource: resourceName(resource.audience),
        requestedFrom,
        expires,
      })
      return show(stage, { title: `Sign in to ${client.displayName}?`, body })
    }
    case 'authorize': {
      const { request } = way
      const { client, resource, redirectUri, prompt } = request
      const details = { account, clientName: client.displayName, resource: resourceName(resource.audience) }
      const { objectId } = account.user
      const { clientId, kind } = client
      const hasConsented = kind === 'public' || (await site.consents.has(objectId, clientId, resource.audience))
      if (!hasConsented || (prompt === 'consent' && client.kind !== 'public')) {
        return show(stage, { title: 'Permissions requested', body: consentPage(form, { ...details, redirectUri }) })
      }
      if (isToConfirm(request)) {
        return show(stage, { title: `Sign in to ${client.displayName}?`, body: confirmPage(form, details) })
      }
      return respond(site, call, await site.protocol.issueCode(request, account))
    }
  }
}
