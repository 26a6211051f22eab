import type { AttributeMapping } from "aws-cdk-lib/aws-cognito";

/** The names in Cognito of the attributes that the CDK calls otherwise. */
const NAMES: { [attribute: string]: string } = {
  fullname: "name",
  profilePicture: "picture",
  profilePage: "profile",
  timezone: "zoneinfo",
  lastUpdateTime: "updated_at",
};

/** Returns the property `AttributeMapping`. The keys of `custom` are taken as they are. */
export function attributeMapping(
  mapping?: AttributeMapping,
): { [name: string]: string } | undefined {
  if (!mapping) {
    return undefined;
  }
  const { custom = {}, ...standard } = mapping;
  const named = Object.entries(standard).map(([key, attribute]) => [
    NAMES[key] ?? snakeCase(key),
    attribute?.attributeName,
  ]);
  const others = Object.entries(custom).map(([key, attribute]) => [key, attribute.attributeName]);
  return Object.fromEntries([...named, ...others]);
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
