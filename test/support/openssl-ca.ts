import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An authority that the openssl tool runs: foreign certificates, CRLs and OCSP answers for the tests. */

const present = spawnSync('openssl', ['version']).status === 0
/** Options of a test that needs the tool. */
export const needsOpenssl = present ? {} : { skip: 'the openssl tool is not installed' }

export const keyArguments = {
  rsa: ['-newkey', 'rsa:2048'],
  pss: ['-newkey', 'rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'],
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  ec384: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ed25519: ['-newkey', 'ed25519'],
} as const
export type OpensslKey = keyof typeof keyArguments

export interface OpensslCa {
  readonly folder: string
  readonly root: X509Certificate
  run(...args: string[]): Buffer
  file(name: string): string
  /** A certificate below the root: `name`.pem and `name`.key. `extensions` in the language of openssl's files. */
  issue(name: string, options?: IssueOptions): X509Certificate
  /** What the index says; `revoked` by name of the certificate. Certificates left out are unknown. */
  writeIndex(valid: readonly string[], revoked?: Readonly<Record<string, string>>): void
  /** A CRL of the index, PEM; `options` of `openssl ca -gencrl`, such as -crldays or -crlexts. */
  crl(options?: readonly string[]): Buffer
  remove(): void
}

export interface IssueOptions {
  readonly key?: OpensslKey
  readonly serial?: string
  readonly extensions?: string
  readonly days?: number
  /** File name of the issuer without ending. Default root. */
  readonly issuer?: string
  /** As -subj has it. */
  readonly subject?: string
  /** ASN.1 types of the strings in the subject, as string_mask has them. */
  readonly stringMask?: string
}

const rootExtensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'] as const

/** `key` for the root; `extensions` of the root in place of the usual ones. Call `remove` at the end. */
export function makeOpensslCa(
  key: OpensslKey = 'ec',
  extensions: readonly string[] = rootExtensions,
  subject = '/O=Example CPO/CN=openssl root',
): OpensslCa {
  const folder = mkdtempSync(join(tmpdir(), 'proxy-ca-'))
  const file = (name: string): string => join(folder, name)
  const run = (...args: string[]): Buffer =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const read = (name: string): X509Certificate => new X509Certificate(readFileSync(file(name)))
  const added = extensions.flatMap((extension) => ['-addext', extension])
  const files = ['-keyout', 'root.key', '-out', 'root.pem', '-subj', subject]
  run('req', '-x509', '-nodes', '-days', '30', ...keyArguments[key], ...files, ...digestOf(key), ...added)
  return {
    folder,
    file,
    run,
    root: read('root.pem'),
    issue(name, options = {}) {
      issue(run, file, name, options)
      return read(`${name}.pem`)
    },
    writeIndex(valid, revoked = {}) {
      const line = (flag: string, ended: string, name: string): string =>
        `${flag}\t351231235959Z\t${ended}\t${read(`${name}.pem`).serialNumber}\tunknown\t/CN=${name}\n`
      const lines = [
        ...valid.map((name) => line('V', '', name)),
        ...Object.entries(revoked).map(([name, ended]) => line('R', ended, name)),
      ]
      writeFileSync(file('index.txt'), lines.join(''))
    },
    crl: (options = ['-crldays', '7']) => makeCrl(run, file, options),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function digestOf(key: OpensslKey): readonly string[] {
  return key === 'ed25519' ? [] : ['-sha256']
}

type Run = OpensslCa['run']

function issue(run: Run, file: OpensslCa['file'], name: string, options: IssueOptions): void {
  const { key = 'ec', issuer = 'root', extensions = '', days = 20, serial } = options
  const { subject = `/O=Example CPO/CN=${name}`, stringMask = 'utf8only' } = options
  writeFileSync(file(`${name}.ext`), extensions)
  writeFileSync(file('req.cnf'), `[req]\nstring_mask = ${stringMask}\ndistinguished_name = name\n[name]\n`)
  const request = ['-keyout', `${name}.key`, '-out', `${name}.csr`, '-config', 'req.cnf', '-subj', subject]
  run('req', '-nodes', ...keyArguments[key], ...request)
  const from = [
    '-in',
    `${name}.csr`,
    '-CA',
    `${issuer}.pem`,
    '-CAkey',
    `${issuer}.key`,
    '-out',
    `${name}.pem`,
  ]
  const number = serial === undefined ? [] : ['-set_serial', serial]
  run('x509', '-req', '-days', String(days), '-sha256', '-extfile', `${name}.ext`, ...from, ...number)
}

function makeCrl(run: Run, file: OpensslCa['file'], options: readonly string[]): Buffer {
  const settings = ['database = index.txt', 'crlnumber = crlnumber', 'default_md = sha256']
  // Extension sections that tests ask for by -crlexts.
  const sections = [
    '[ca]',
    'default_ca = own',
    '[own]',
    ...settings,
    '[delta]',
    '2.5.29.27 = critical,DER:020101',
    '[partition]',
    'issuingDistributionPoint = critical,@point',
    '[point]',
    'onlyuser = TRUE',
    '[partition-not-critical]',
    'issuingDistributionPoint = @point',
    '[unknown]',
    '1.2.3.4.5 = critical,DER:0500',
  ]
  writeFileSync(file('ca.cnf'), sections.join('\n'))
  if (!existsSync(file('crlnumber'))) writeFileSync(file('crlnumber'), '1000\n')
  run(
    'ca',
    '-gencrl',
    '-config',
    'ca.cnf',
    '-cert',
    'root.pem',
    '-keyfile',
    'root.key',
    '-out',
    'root.crl',
    ...options,
  )
  return readFileSync(file('root.crl'))
}

export interface AnswerOptions {
  /** File names without ending, default root: who signs, as whom, and whose certificates the index is about. */
  readonly signer?: string
  readonly ca?: string
  /** More options of the responder of `openssl ocsp`: -ndays, -nmin, -resp_key_id, -badsig, … */
  readonly options?: readonly string[]
}

/** What `openssl ocsp` says to a request, without a network. An answer without -ndays has no nextUpdate. */
export function opensslAnswer(
  ca: OpensslCa,
  request: Buffer,
  { signer = 'root', ca: authority = 'root', options = ['-ndays', '1'] }: AnswerOptions = {},
): Buffer {
  writeFileSync(ca.file('request.der'), request)
  const who = [
    '-index',
    'index.txt',
    '-CA',
    `${authority}.pem`,
    '-rsigner',
    `${signer}.pem`,
    '-rkey',
    `${signer}.key`,
  ]
  ca.run('ocsp', ...who, '-reqin', 'request.der', '-respout', 'response.der', '-noverify', ...options)
  return readFileSync(ca.file('response.der'))
}
