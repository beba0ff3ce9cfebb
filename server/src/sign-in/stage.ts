import type { FastifyReply } from 'fastify'
import type { Flow } from './flow.ts'
import type { Html } from './html.ts'
import type { SignInForm } from './pages/sign-in-pages.ts'
import { type PageCall, type Site, sendPage } from './site.ts'
import { type Way, clientNameOf, redirectUriOf, wayOf } from './way.ts'

/** A sign-in at one of its pages. */
export type Stage = { readonly site: Site; readonly call: PageCall; readonly flow: Flow; readonly way: Way }

/** Opens the stage of a sign-in. @throws EntraError or PageError */
export async function openStage(site: Site, call: PageCall, flow: Flow): Promise<Stage> {
  return { site, call, flow, way: await wayOf(site, call, flow) }
}

/** Sends a page of a sign-in. */
export function show(
  { site, call, way }: Stage,
  page: { title: string; body: Html; status?: number; hasError?: boolean; script?: string; isWide?: boolean },
): Promise<FastifyReply> {
  return sendPage(site, call.reply, { ...page, redirectUri: redirectUriOf(way) })
}

/** What all forms of a sign-in carry. */
export function formOf({ site, call, flow, way }: Stage): SignInForm {
  return {
    formToken: call.caller.formToken,
    flow: site.flows.write(call.caller.browser, flow),
    clientName: clientNameOf(way),
    canCancel: way.kind !== 'account',
  }
}
