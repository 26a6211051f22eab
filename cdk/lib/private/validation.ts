import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv, { type AnySchemaObject, type ErrorObject, type ValidateFunction } from "ajv";
import { named } from "./names";

const SCHEMA = join(__dirname, "..", "..", "schema", "cognito-identity-provider.json");

/** What the patterns of the schema allow, in the words of the function's own messages. */
const ALLOWED: { [property: string]: string } = {
  AcrMapping:
    "may contain only printable ASCII characters except spaces, double quotes and backslashes",
  IdpIdentifiers: "may contain only letters, digits, spaces and _ + = . @ -",
  ProviderName: "may contain only printable characters",
  UserPoolId: "must be the id of a user pool, such as eu-west-1_AbCdEfGhI",
};

let compiled: ValidateFunction | undefined;

function schema(): ValidateFunction {
  compiled ??= new Ajv({ allErrors: true, verbose: true, strict: false }).compile(
    JSON.parse(readFileSync(SCHEMA, "utf8")),
  );
  return compiled;
}

/** Returns the keys of `ProviderDetails` that Cognito documents. */
function documentedKeys(): object {
  // Ajv keeps the schema that it compiled.
  const { properties } = schema().schema as { properties: { ProviderDetails: AnySchemaObject } };
  return properties.ProviderDetails.properties;
}

/**
 * Returns every error in the properties of a provider. Values that are only known at deployment,
 * such as `{"Ref": "UserPool"}`, are not checked.
 */
export function propertyErrors(properties: object): string[] {
  const validate = schema();
  validate(properties);
  const unknown = intrinsics(properties, "");
  const errors = (validate.errors ?? [])
    .filter(({ keyword }) => keyword !== "if" && keyword !== "propertyNames")
    .filter(({ instancePath: at }) => !unknown.some((path) => `${at}/`.startsWith(`${path}/`)))
    .map(message);
  return [...new Set(errors)];
}

/** Returns what Cognito probably refuses, or does not know, by the ids of the warnings. */
export function propertyWarnings(properties: {
  ProviderName?: unknown;
  ProviderDetails?: object;
  ProviderDetailsFrom?: object;
}): [string, string][] {
  const { ProviderName: name, ProviderDetails: given, ProviderDetailsFrom: read } = properties;
  const warnings: [string, string][] = [];
  // The pattern of CreateIdentityProvider; other operations take more.
  if (typeof name === "string" && !/^[^_\p{Z}][\p{L}\p{M}\p{S}\p{N}\p{P}][^_\p{Z}]+$/u.test(name)) {
    warnings.push([
      "name",
      `Cognito refuses the ${named(["ProviderName"])} ${name} for a new provider: it needs at least ` +
        "3 characters, no spaces, and no underscore except as the second character",
    ]);
  }
  const documented = documentedKeys();
  for (const key of Object.keys({ ...given, ...read })) {
    if (!Object.hasOwn(documented, key)) {
      warnings.push([
        "undocumentedKey",
        `Cognito documents no ${named(["ProviderDetails", key])}: is it misspelt? The function ` +
          "passes it on unchanged",
      ]);
    }
  }
  return warnings;
}

/** Returns the JSON pointers of the intrinsic functions in a value. */
function intrinsics(value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) {
    return [];
  }
  const keys = Object.keys(value);
  if (keys.length === 1 && (keys[0] === "Ref" || keys[0].startsWith("Fn::"))) {
    return [path];
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    intrinsics(inner, `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`),
  );
}

/**
 * Returns an error as the function would report it, with the property of the construct. Values are
 * not shown: they may be secret.
 */
function message(error: ErrorObject): string {
  const { keyword, params, data, parentSchema } = error;
  const path = error.instancePath
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  const inside = (key: string) => named([...path, key]);
  const at =
    error.propertyName === undefined ? named(path) : `the key of ${inside(error.propertyName)}`;
  const key = path.at(-1) ?? "";
  switch (keyword) {
    case "required":
      return `${inside(params.missingProperty)} is required`;
    case "additionalProperties":
      return `${inside(params.additionalProperty)} is not a property of this resource type`;
    case "false schema":
      return key === "ActiveEncryptionCertificate"
        ? `${at} is set by Cognito and cannot be declared: remove it`
        : `${at} cannot be set for this type, or in addition to what else is set: remove it`;
    case "minLength":
    case "maxLength":
      return size(
        at,
        parentSchema,
        "Length",
        "characters",
        [...(error.propertyName ?? (data as string))].length,
      );
    case "minItems":
    case "maxItems":
      return size(at, parentSchema, "Items", "items", (data as unknown[]).length);
    case "enum":
      return key === "ProviderName"
        ? `${at} must be ${params.allowedValues[0]}: Cognito accepts no other name for this type`
        : `${at} must be one of ${params.allowedValues.join(", ")}`;
    case "minimum":
    case "maximum":
      return `${at} must be a number of seconds from 1 to 3600`;
    case "type":
      return `${at} must be ${[params.type].flat().join(" or ")}`;
    case "pattern":
      return `${at} ${pattern(path)}`;
    default:
      return `${at} ${error.message}`;
  }
}

function pattern([property, key, ...within]: string[]): string {
  if (property === "ProviderDetailsFrom" && within.length > 0) {
    return "must not contain . or .. as a path segment, and a Bucket must be a name or an ARN";
  }
  if (property === "ProviderDetails") {
    return key === "oidc_issuer"
      ? "must be a URL that starts with https://"
      : "contains a dynamic reference ({{resolve:…}}) that CloudFormation does not resolve here: " +
          "use ProviderValue instead";
  }
  return ALLOWED[property] ?? "is malformed";
}

function size(at: string, rules: unknown, suffix: string, unit: string, has: number): string {
  const limits = rules as { [name: string]: number | undefined };
  const [min, max] = [limits[`min${suffix}`], limits[`max${suffix}`]];
  return `${at} must have ${min ? `${min} to` : "at most"} ${max} ${unit} but has ${has}`;
}
