import { createPublicKey } from 'node:crypto'
import type { Csr } from '../../src/pki/csr.ts'
import { splitPem } from '../../src/pki/pem.ts'
import { type Authority, type ChargePointOptions, type Issued, makeAuthority } from './authority.ts'
import { type CertificateAnswer, type CertificateServer, certificateServer } from './certificate-server.ts'
import { readable } from './csr.ts'
import { opensslFolder } from './openssl-tool.ts'

/** A certificate authority of another house, on HTTPS: it signs with an intermediate. */
export interface RemoteAuthority {
  readonly root: Authority
  readonly middle: Authority
  /** What the proxy shows to it. */
  readonly client: Issued
  /** Signs whatever is asked for. */
  readonly honest: CertificateAnswer
  /** Answers requests with the chain in PEM that `issue` makes, in the form of its protocol. */
  answering(issue: (csr: Csr) => Promise<string>): CertificateAnswer
  serve(answer?: CertificateAnswer, port?: number): Promise<CertificateServer>
}

/** For the key of a request, with names that may be others than asked for. */
export async function chainFor(
  issuer: Authority,
  { publicKey, facts }: Csr,
  options: ChargePointOptions = {},
): Promise<string> {
  const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' })
  const names = { o: facts.organizationNames, cn: facts.commonNames }
  const issued = await issuer.chargePoint({ ...names, ...options, overrides: { publicKey: key } })
  return issued.chain
}

async function authorities(name: string) {
  const root = await makeAuthority({ name })
  const [middle, server, client] = await Promise.all([
    root.intermediate({ name: `${name} charge points` }),
    root.server(),
    root.chargePoint({ cn: 'proxy' }),
  ])
  return { root, middle, server, client }
}

/** Certificates in PEM as openssl writes the PKCS #7 of RFC 7030 4.1.3 and 4.2.3, in base64. */
export type CertsOnly = (name: string, pem: string) => string

/** An EST server as RFC 7030 has it: leaf alone, the others by cacerts, and openssl writes its PKCS #7. */
export async function estServer(): Promise<RemoteAuthority & { readonly certsOnly: CertsOnly }> {
  const folder = opensslFolder()
  const { root, middle, server, client } = await authorities('EST root')
  const certsOnly: CertsOnly = (name, pem) => {
    folder.write(`${name}.pem`, pem)
    folder.run('crl2pkcs7', '-nocrl', '-certfile', `${name}.pem`, '-outform', 'DER', '-out', `${name}.p7`)
    return folder
      .read(`${name}.p7`)
      .toString('base64')
      .replace(/.{1,76}/g, '$&\r\n')
  }
  const answering: RemoteAuthority['answering'] = (issue) => async (request, response) => {
    response.setHeader('content-type', 'application/pkcs7-mime; smime-type=certs-only')
    const wantsRoots = request.url.endsWith('/cacerts')
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${request.body}-----END CERTIFICATE REQUEST-----\n`
    const body = wantsRoots
      ? certsOnly('ca', middle.certificate + root.certificate)
      : certsOnly('leaf', await issue(readable(pem)))
    response.end(body)
  }
  const leafOnly = async (csr: Csr) => splitPem(await chainFor(middle, csr))[0] ?? ''
  const honest = answering(leafOnly)
  const tls = {
    ...{ cert: server.certificate, key: server.key, ca: root.certificate },
    ...{ requestCert: true, rejectUnauthorized: false },
  }
  return {
    ...{ root, middle, client, certsOnly, answering, honest },
    serve: (answer = honest, port = 0) => certificateServer(tls, answer, port),
  }
}

/** A front end that takes a request in PEM, and gives a chain in PEM. */
export async function httpServer(): Promise<RemoteAuthority> {
  const { root, middle, server, client } = await authorities('HTTP root')
  const answering: RemoteAuthority['answering'] = (issue) => async (request, response) => {
    response.writeHead(201).end(await issue(readable(request.body)))
  }
  const honest = answering((csr) => chainFor(middle, csr))
  const tls = { cert: server.certificate, key: server.key }
  return {
    ...{ root, middle, client, answering, honest },
    serve: (answer = honest, port = 0) => certificateServer(tls, answer, port),
  }
}
