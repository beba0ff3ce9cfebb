import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from '@fluentui/react-components'
import { useParams } from '@tanstack/react-router'
import { ListTooLong } from '../../api/arm-list.ts'
import { ApiError, goToSignIn, signedOutCode, stepUpCode } from '../../api/client.ts'
import { texts } from '../texts/texts.ts'
import { words } from '../texts/words.ts'
import { ExplainLink } from './explain-link.tsx'

type ErrorViewProps = {
  readonly error: unknown
  readonly onRetry?: () => void
  /** Whether an action failed, and not the loading of the view. */
  readonly isAct?: boolean
}

/** Says what failed, what to do next, and by which id the operator finds the request. */
export function ErrorView({ error, onRetry, isAct = false }: ErrorViewProps) {
  const { registry } = useParams({ strict: false })
  const { title, next } = explain(error, isAct)
  const isSignedOut = error instanceof ApiError && error.code === signedOutCode
  const detail = error instanceof Error && !isSignedOut ? error.message : ''
  const correlationId = error instanceof ApiError ? error.correlationId : undefined
  return (
    <MessageBar intent="error" layout="multiline" role="alert">
      <MessageBarBody>
        <MessageBarTitle>{title}</MessageBarTitle> {detail} <p>{next}</p>
        {correlationId !== undefined && (
          <p>
            {words.correlationId}: <code>{correlationId}</code>{' '}
            {isDenial(error) && <ExplainLink id={correlationId} registry={registry} />}
          </p>
        )}
      </MessageBarBody>
      {(isSignedOut || onRetry !== undefined) && (
        <MessageBarActions>
          {isSignedOut ? (
            <Button onClick={() => goToSignIn()}>{texts.sessionEnded.confirm}</Button>
          ) : (
            <Button onClick={onRetry}>{texts.errors.retry}</Button>
          )}
        </MessageBarActions>
      )}
    </MessageBar>
  )
}

/** The codes of errors that a sign-in removes. */
const signInCodes: readonly string[] = [stepUpCode, signedOutCode]

/** Whether the server has recorded why. */
function isDenial(error: unknown): boolean {
  return (
    error instanceof ApiError && !signInCodes.includes(error.code) && (error.status === 401 || error.status === 403)
  )
}

function explain(error: unknown, isAct: boolean): { readonly title: string; readonly next: string } {
  const { errors } = texts
  if (error instanceof ListTooLong) return { title: errors.tooLong, next: errors.tooLongNext }
  if (!(error instanceof ApiError)) return { title: errors.crash, next: errors.crashNext }
  if (error.code === stepUpCode) return { title: texts.stepUp.cancelled, next: texts.stepUp.cancelledNext }
  if (error.code === signedOutCode) return { title: texts.sessionEnded.title, next: texts.sessionEnded.next }
  switch (error.status) {
    case 0:
      return { title: errors.offline, next: errors.offlineNext }
    case 401:
    case 403:
      return { title: isAct ? errors.deniedAct : errors.denied, next: errors.deniedNext }
    case 404:
      return { title: errors.missing, next: errors.missingNext }
    case 429:
    case 503:
      return { title: errors.busy, next: errors.next }
    default:
      return { title: isAct ? errors.act : errors.title, next: errors.next }
  }
}
