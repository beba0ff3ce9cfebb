import { failure } from '../../framework/command/failure.ts'
import { isRecord } from '../../framework/values/record.ts'

/** The version of the protocol with the kubelet. [kubernetes.io, Kubelet CredentialProvider (v1)] */
export const apiVersion = 'credentialprovider.kubelet.k8s.io/v1'

/** The request of the kubelet. */
export type ProviderRequest = {
  readonly image: string
  /** The token of the pod's service account; undefined without `tokenAttributes` in the configuration of the kubelet. */
  readonly serviceAccountToken: string | undefined
  readonly serviceAccountAnnotations: Readonly<Record<string, unknown>>
}

/** Kubernetes allows 256 KiB of annotations. */
const maxRequestBytes = 1024 * 1024

const maxImageLength = 4096

const nextStep = 'set apiVersion in the CredentialProviderConfig of the kubelet to credentialprovider.kubelet.k8s.io/v1'

/** Reads the request of the kubelet. @throws CommandFailure if the request is too large or malformed */
export async function readRequest(input: AsyncIterable<Buffer | string>): Promise<ProviderRequest> {
  const request = parse(await readText(input))
  if (!isRecord(request) || request['kind'] !== 'CredentialProviderRequest')
    throw failure('the request on standard input is not a CredentialProviderRequest', nextStep)
  if (request['apiVersion'] !== apiVersion)
    throw failure(`the apiVersion of the request is not ${apiVersion}`, nextStep)
  const { image, serviceAccountToken: token, serviceAccountAnnotations: annotations = {} } = request
  if (typeof image !== 'string' || image === '' || image.length > maxImageLength || !/^[\x21-\x7e]+$/.test(image))
    throw failure('the request contains no valid image name')
  if (token !== undefined && typeof token !== 'string')
    throw failure('the serviceAccountToken of the request is not a string')
  if (!isRecord(annotations)) throw failure('the serviceAccountAnnotations of the request are not an object')
  return {
    image,
    serviceAccountToken: token === '' ? undefined : token,
    serviceAccountAnnotations: annotations,
  }
}

async function readText(input: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk)
    sizeBytes += bytes.length
    if (sizeBytes > maxRequestBytes) throw failure(`the request has more than ${maxRequestBytes} bytes`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
