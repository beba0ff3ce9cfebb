import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { readEvents } from '../../api/arm.ts'
import { listDirectory, listMethods } from '../../api/directory.ts'
import type { GraphUser } from '../../api/graph-types.ts'
import { useOwnRole } from '../../identities/use-directory-role.ts'
import { useSession } from '../../session/use-session.ts'

/** The first steps of an owner: whether each is done. */
export type FirstSteps = Readonly<Record<'password' | 'factor' | 'push' | 'colleague' | 'job', boolean>>

const storageKey = (objectId: string) => `acrux-first-run-${objectId}`

/**
 * The first steps of an owner of the directory, until they are all done or the owner dismisses them on this device. Undefined for
 * everybody else; then nothing is read.
 */
export function useFirstRun(subscriptionId: string | undefined, hasPushes: boolean) {
  const { data: session } = useSession()
  const objectId = session?.person.objectId ?? ''
  const [isDismissed, setDismissed] = useState(false)
  const isOver = isDismissed || localStorage.getItem(storageKey(objectId)) !== null
  const isOwner = useOwnRole(!isOver) === 'owner'
  const steps = useQuery({
    queryKey: ['first-run', objectId, subscriptionId],
    enabled: isOwner && !isOver && subscriptionId !== undefined,
    queryFn: ({ signal }) => readSteps(objectId, subscriptionId ?? '', signal),
  })
  const dismiss = () => {
    localStorage.setItem(storageKey(objectId), 'over')
    setDismissed(true)
  }
  const all = steps.data && { ...steps.data, push: hasPushes }
  const isComplete = all !== undefined && Object.values(all).every(Boolean)
  return { steps: isOver || isComplete ? undefined : all, dismiss }
}

async function readSteps(
  objectId: string,
  subscriptionId: string,
  signal: AbortSignal,
): Promise<Omit<FirstSteps, 'push'>> {
  const [methods, people, { value: events }] = await Promise.all([
    listMethods(objectId, signal),
    listDirectory<GraphUser>('users', {}, signal),
    readEvents(subscriptionId, "action eq 'federated-credential.create'", signal),
  ])
  const self = people.items.find(({ id }) => id === objectId)
  const password = methods.find((method) => method['@odata.type'] === '#microsoft.graph.passwordAuthenticationMethod')
  // The password of the first start is as old as the account.
  const isFirst =
    password !== undefined && 'createdDateTime' in password && password.createdDateTime === self?.createdDateTime
  return {
    password: !isFirst,
    factor: methods.some((method) => factors.has(method['@odata.type'])),
    colleague: people.items.length > 1,
    job: events.length > 0,
  }
}

const factors = new Set<string>([
  '#microsoft.graph.softwareOathAuthenticationMethod',
  '#microsoft.graph.fido2AuthenticationMethod',
])
