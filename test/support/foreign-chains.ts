// @peculiar/x509 needs it before itself.
import 'reflect-metadata'
import { KeyObject, webcrypto } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as x509 from '@peculiar/x509'
import forge from 'node-forge'
import { makeOpensslCa, type OpensslKey } from './openssl-ca.ts'
import { secret } from './secrets.ts'

/** What a foreign tool made: a root, an authority below it, and a charge point's certificate below that. */
export interface ForeignChain {
  /** Tool and kind of keys, such as openssl-rsa. */
  readonly name: string
  readonly serialNumber: string
  /** PEM. */
  readonly root: string
  readonly rootKey: string
  readonly middle: string
  readonly middleKey: string
  readonly leaf: string
  readonly leafKey: string
  /** A request for the same subject, PKCS #10 in PEM, with a key of its own. */
  readonly csr: string
}

const organization = 'Example CPO'

/** Every tool with every kind of key that it knows. */
export async function foreignChains(): Promise<readonly ForeignChain[]> {
  const openssl = (['rsa', 'pss', 'ec', 'ec384'] as const).map(opensslChain)
  const peculiar = await Promise.all(Object.keys(algorithms).map((kind) => peculiarChain(kind)))
  return [...openssl, forgeChain(), ...peculiar]
}

function opensslChain(key: OpensslKey): ForeignChain {
  const name = `openssl-${key}`
  const serialNumber = `SN-${name}`
  const ca = makeOpensslCa(key, undefined, `/O=${organization}/CN=root of ${name}`)
  try {
    const authority = 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n'
    ca.issue('middle', { key, extensions: authority })
    ca.issue(serialNumber, { key, issuer: 'middle', extensions: 'keyUsage=critical,digitalSignature\n' })
    const read = (file: string) => readFileSync(ca.file(file), 'utf8')
    return withSecrets({
      name,
      serialNumber,
      root: read('root.pem'),
      rootKey: read('root.key'),
      middle: read('middle.pem'),
      middleKey: read('middle.key'),
      leaf: read(`${serialNumber}.pem`),
      leafKey: read(`${serialNumber}.key`),
      csr: read(`${serialNumber}.csr`),
    })
  } finally {
    ca.remove()
  }
}

/** node-forge knows RSA with PKCS #1 v1.5 and nothing else. */
function forgeChain(): ForeignChain {
  const { pki } = forge
  const keys = [0, 1, 2].map(() => pki.rsa.generateKeyPair(2048)) as [Pair, Pair, Pair]
  const [rootKeys, middleKeys, leafKeys] = keys
  const authority = [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
  ]
  const serialNumber = 'SN-forge-rsa'
  const root = forgeCertificate('root of forge', rootKeys, 'root of forge', rootKeys, authority)
  const middle = forgeCertificate('middle', middleKeys, 'root of forge', rootKeys, authority)
  const usage = [{ name: 'keyUsage', digitalSignature: true, critical: true }]
  const leaf = forgeCertificate(serialNumber, leafKeys, 'middle', middleKeys, usage)
  const csr = pki.createCertificationRequest()
  csr.publicKey = leafKeys.publicKey
  csr.setSubject(forgeName(serialNumber))
  csr.sign(leafKeys.privateKey, forge.md.sha256.create())
  const keyPem = ({ privateKey }: Pair) => pki.privateKeyToPem(privateKey)
  return withSecrets({
    name: 'forge-rsa',
    serialNumber,
    root: pki.certificateToPem(root),
    rootKey: keyPem(rootKeys),
    middle: pki.certificateToPem(middle),
    middleKey: keyPem(middleKeys),
    leaf: pki.certificateToPem(leaf),
    leafKey: keyPem(leafKeys),
    csr: pki.certificationRequestToPem(csr),
  })
}

type Pair = forge.pki.rsa.KeyPair

function forgeName(commonName: string) {
  return [
    { shortName: 'O', value: organization },
    { shortName: 'CN', value: commonName },
  ]
}

let serial = 1

function forgeCertificate(
  subject: string,
  keys: Pair,
  issuer: string,
  issuerKeys: Pair,
  extensions: object[],
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = keys.publicKey
  certificate.serialNumber = `0${serial++}`
  certificate.validity.notBefore = new Date(Date.now() - 60_000)
  certificate.validity.notAfter = new Date(Date.now() + 30 * 86_400_000)
  certificate.setSubject(forgeName(subject))
  certificate.setIssuer(forgeName(issuer))
  certificate.setExtensions(extensions)
  certificate.sign(issuerKeys.privateKey, forge.md.sha256.create())
  return certificate
}

const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }
const pss = { name: 'RSA-PSS', saltLength: 32, ...rsa }
const algorithms: Readonly<
  Record<string, webcrypto.RsaHashedKeyGenParams | (webcrypto.EcKeyGenParams & { hash: string })>
> = {
  rsa: { name: 'RSASSA-PKCS1-v1_5', ...rsa },
  pss,
  p256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  p384: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
}

type WebPair = webcrypto.CryptoKeyPair

/** The library as its own examples use it, not our issuing on top of it. */
async function peculiarChain(kind: string): Promise<ForeignChain> {
  const algorithm = algorithms[kind] ?? pss
  const make = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<WebPair>
  const [rootKeys, middleKeys, leafKeys, requestKeys] = [
    await make(),
    await make(),
    await make(),
    await make(),
  ]
  const name = `peculiar-${kind}`
  const serialNumber = `SN-${name}`
  const nameOf = (commonName: string) => `O=${organization}, CN=${commonName}`
  const issue = (subject: string, keys: WebPair, issuer: string, signer: WebPair, isCa: boolean) =>
    x509.X509CertificateGenerator.create(
      {
        serialNumber: `0${serial++}`,
        subject: nameOf(subject),
        issuer: nameOf(issuer),
        notBefore: new Date(Date.now() - 60_000),
        notAfter: new Date(Date.now() + 30 * 86_400_000),
        publicKey: keys.publicKey,
        signingKey: signer.privateKey,
        signingAlgorithm: algorithm,
        extensions: isCa
          ? [
              new x509.BasicConstraintsExtension(true, undefined, true),
              new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
            ]
          : [new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true)],
      },
      webcrypto,
    )
  const root = await issue(`root of ${name}`, rootKeys, `root of ${name}`, rootKeys, true)
  const middle = await issue('middle', middleKeys, `root of ${name}`, rootKeys, true)
  const leaf = await issue(serialNumber, leafKeys, 'middle', middleKeys, false)
  const csr = await x509.Pkcs10CertificateRequestGenerator.create(
    { name: nameOf(serialNumber), keys: requestKeys, signingAlgorithm: algorithm },
    webcrypto,
  )
  const keyPem = ({ privateKey }: WebPair) =>
    KeyObject.from(privateKey).export({ type: 'pkcs8', format: 'pem' }).toString()
  return withSecrets({
    name,
    serialNumber,
    root: root.toString('pem'),
    rootKey: keyPem(rootKeys),
    middle: middle.toString('pem'),
    middleKey: keyPem(middleKeys),
    leaf: leaf.toString('pem'),
    leafKey: keyPem(leafKeys),
    csr: csr.toString('pem'),
  })
}

/** Each PEM ends with a line break, so that they can be put together. */
function withSecrets(chain: ForeignChain): ForeignChain {
  for (const key of [chain.rootKey, chain.middleKey, chain.leafKey]) secret('private key', key)
  const lined = Object.entries(chain).map(([key, text]: [string, string]) => [
    key,
    text.startsWith('-----') ? `${text.replaceAll('\r\n', '\n').trimEnd()}\n` : text,
  ])
  return Object.fromEntries(lined) as ForeignChain
}
