import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { App, type CfnResource, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Match } from "aws-cdk-lib/assertions";
import * as cognito from "aws-cdk-lib/aws-cognito";
import { Schedule } from "aws-cdk-lib/aws-events";
import * as iam from "aws-cdk-lib/aws-iam";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import {
  CognitoIdentityProviderAmazon,
  CognitoIdentityProviderApple,
  CognitoIdentityProviderFacebook,
  CognitoIdentityProviderFunction,
  CognitoIdentityProviderGoogle,
  CognitoIdentityProviderOidc,
  CognitoIdentityProviderSaml,
  CognitoUserPoolDriftDetection,
  ProviderValue,
  SamlMetadata,
} from "../lib/index.js";
import { errors, PROVIDER, properties, stack, template, type Values, warnings } from "./stacks.mts";

const METADATA_URL = "https://idp.example.com/metadata";

function saml(of: Values, more: object = {}): CognitoIdentityProviderSaml {
  return new CognitoIdentityProviderSaml(of, "Corp", {
    userPool: of.userPool,
    metadata: SamlMetadata.fromUrl(METADATA_URL),
    ...more,
  });
}

test("every property of a SAML provider reaches the resource", () => {
  const of = stack();
  saml(of, {
    name: "Corp",
    attributeMapping: {
      email: cognito.ProviderAttribute.other("mail"),
      fullname: cognito.ProviderAttribute.other("displayName"),
      phoneNumber: cognito.ProviderAttribute.other("phone"),
      custom: { "custom:department": cognito.ProviderAttribute.other("dept") },
    },
    identifiers: ["example.com"],
    idpSignout: true,
    idpInitiated: false,
    encryptedResponses: true,
    requestSigningAlgorithm: cognito.SigningAlgorithm.RSA_SHA256,
    ssoRedirectBindingUri: "https://idp.example.com/sso",
    sloRedirectBindingUri: "https://idp.example.com/slo",
    adoptExisting: true,
    revision: "2",
    serviceTimeout: Duration.minutes(10),
  });
  const { ServiceToken, UserPoolId, ...rest } = properties(of);
  assert.ok(ServiceToken && UserPoolId);
  assert.deepEqual(rest, {
    ProviderName: "Corp",
    ProviderType: "SAML",
    ProviderDetails: {
      MetadataURL: METADATA_URL,
      IDPSignout: true,
      IDPInit: false,
      EncryptedResponses: true,
      RequestSigningAlgorithm: "rsa-sha256",
      SSORedirectBindingURI: "https://idp.example.com/sso",
      SLORedirectBindingURI: "https://idp.example.com/slo",
    },
    AttributeMapping: {
      email: "mail",
      name: "displayName",
      phone_number: "phone",
      "custom:department": "dept",
    },
    IdpIdentifiers: ["example.com"],
    AdoptExisting: true,
    Revision: "2",
    ServiceTimeout: 600,
  });
});

test("every property of an OIDC provider reaches the resource", () => {
  const of = stack();
  new CognitoIdentityProviderOidc(of, "Partner", {
    userPool: of.userPool,
    name: "Partner",
    clientId: "id",
    clientSecret: ProviderValue.fromSecretsManager(of.secret(), { versionStage: "AWSPENDING" }),
    issuerUrl: "https://login.example.com",
    scopes: ["openid", "email"],
    attributeRequestMethod: cognito.OidcAttributeRequestMethod.POST,
    endpoints: {
      authorization: "https://login.example.com/authorize",
      token: "https://login.example.com/token",
      userInfo: "https://login.example.com/userinfo",
      jwksUri: "https://login.example.com/keys",
    },
    acrMapping: { level1: "low", level4: "high" },
    additionalDetails: { attributes_url_add_attributes: "false" },
  });
  const given = properties(of);
  assert.deepEqual(given.ProviderDetails, {
    client_id: "id",
    oidc_issuer: "https://login.example.com",
    authorize_scopes: "openid email",
    attributes_request_method: "POST",
    authorize_url: "https://login.example.com/authorize",
    token_url: "https://login.example.com/token",
    attributes_url: "https://login.example.com/userinfo",
    jwks_uri: "https://login.example.com/keys",
    attributes_url_add_attributes: "false",
  });
  assert.deepEqual(given.ProviderDetailsFrom, {
    client_secret: {
      SecretsManager: { SecretId: { Ref: "SecretA720EF05" }, VersionStage: "AWSPENDING" },
    },
  });
  assert.deepEqual(given.AcrMapping, { Level1: "low", Level4: "high" });
});

test("the social providers have the names, keys and default scopes of their types", () => {
  const secret = ProviderValue.plainText("secret");
  const client = { clientId: "id", clientSecret: secret };
  const apple = { clientId: "id", teamId: "team", keyId: "key", privateKey: secret };
  const facebook = { apiVersion: "v17.0", scopes: ["public_profile", "email"] };
  const given: [(of: Values, userPool: cognito.IUserPool) => object, string, object][] = [
    [
      (of, userPool) => new CognitoIdentityProviderGoogle(of, "Id", { userPool, ...client }),
      "Google",
      { authorize_scopes: "profile", client_secret: "secret" },
    ],
    [
      (of, userPool) =>
        new CognitoIdentityProviderFacebook(of, "Id", { userPool, ...client, ...facebook }),
      "Facebook",
      { authorize_scopes: "public_profile,email", client_secret: "secret", api_version: "v17.0" },
    ],
    [
      (of, userPool) => new CognitoIdentityProviderAmazon(of, "Id", { userPool, ...client }),
      "LoginWithAmazon",
      { authorize_scopes: "profile", client_secret: "secret" },
    ],
    [
      (of, userPool) => new CognitoIdentityProviderApple(of, "Id", { userPool, ...apple }),
      "SignInWithApple",
      { authorize_scopes: "name", team_id: "team", key_id: "key", private_key: "secret" },
    ],
  ];
  for (const [provider, name, details] of given) {
    const of = stack();
    provider(of, of.userPool);
    template(of).hasResourceProperties(PROVIDER, {
      ProviderName: name,
      ProviderType: name,
      ProviderDetails: { client_id: "id", ...details },
    });
  }
});

test("a provider without a name is named after its construct", () => {
  const of = stack();
  saml(of);
  assert.equal(properties(of).ProviderName, "StackCorpC808AE89");
});

test("a provider is deleted with the stack unless it is to be retained", () => {
  const of = stack();
  saml(of);
  template(of).hasResource(PROVIDER, { DeletionPolicy: "Delete", UpdateReplacePolicy: "Delete" });
  const retained = stack();
  saml(retained, { removalPolicy: RemovalPolicy.RETAIN });
  template(retained).hasResource(PROVIDER, { DeletionPolicy: "Retain" });
  const applied = stack();
  saml(applied).applyRemovalPolicy(RemovalPolicy.RETAIN);
  template(applied).hasResource(PROVIDER, { DeletionPolicy: "Retain" });
});

test("the attributes of a provider are those of the resource", () => {
  const of = stack();
  const corp = saml(of, { requestSigningAlgorithm: cognito.SigningAlgorithm.RSA_SHA256 });
  const named = (value: string) => of.resolve(value)["Fn::GetAtt"][1];
  assert.deepEqual(
    [
      corp.providerName,
      corp.entityId,
      corp.signingCertificate,
      corp.activeEncryptionCertificate,
      corp.creationDate,
      corp.lastModifiedDate,
      corp.userPoolIdentityProviderRef.userPoolId,
      corp.attribute("IDPInit"),
    ].map(named),
    [
      "ProviderName",
      "SamlEntityId",
      "SigningCertificate",
      "ActiveEncryptionCertificate",
      "CreationDate",
      "LastModifiedDate",
      "UserPoolId",
      "IDPInit",
    ],
  );
});

test("an attribute that cannot exist is an error when it is read", () => {
  const corp = saml(stack());
  assert.throws(() => corp.signingCertificate, {
    message: "Stack/Corp: signingCertificate exists only with requestSigningAlgorithm",
  });
  assert.throws(() => corp.idpEntityId, {
    message: "Stack/Corp: idpEntityId exists only if metadata is not SamlMetadata.fromUrl",
  });
});

test("an app client that names its provider waits for it", () => {
  const of = stack();
  const corp = saml(of);
  of.userPool.addClient("Client", { supportedIdentityProviders: [corp.clientIdentityProvider] });
  template(of).hasResourceProperties("AWS::Cognito::UserPoolClient", {
    SupportedIdentityProviders: [{ "Fn::GetAtt": [Match.anyValue(), "ProviderName"] }],
  });
});

test("an app client without a list of providers has all of them and waits for them", () => {
  const of = stack();
  saml(of);
  of.userPool.addClient("Client");
  template(of).hasResourceProperties("AWS::Cognito::UserPoolClient", {
    SupportedIdentityProviders: [{ "Fn::GetAtt": [Match.anyValue(), "ProviderName"] }, "COGNITO"],
  });
});

test("an app client that names a social provider as the CDK does waits by a dependency", () => {
  const of = stack();
  const google = new CognitoIdentityProviderGoogle(of, "Google", {
    userPool: of.userPool,
    clientId: "id",
    clientSecret: ProviderValue.fromSecretsManager(of.secret()),
  });
  const client = of.userPool.addClient("Client", {
    supportedIdentityProviders: [cognito.UserPoolClientIdentityProvider.GOOGLE],
  });
  client.node.addDependency(google);
  const [provider] = Object.keys(template(of).findResources(PROVIDER));
  template(of).hasResource("AWS::Cognito::UserPoolClient", {
    DependsOn: Match.arrayWith([provider]),
  });
});

test("a secret in the template is a warning, and one that the function reads is not", () => {
  const of = stack();
  const common = { userPool: of.userPool, clientId: "id" };
  const clientSecret = ProviderValue.plainText("planted");
  new CognitoIdentityProviderGoogle(of, "Google", { ...common, clientSecret });
  assert.deepEqual(warnings(of), [
    "client_secret is given by value: everyone who can read the template, or the events that " +
      "CloudFormation sends to the function, can read it. Use " +
      "ProviderValue.fromSecretsManager or ProviderValue.fromSsmParameter " +
      "[ack: cfn-cognito-idp:secretByValue]",
  ]);
  const safe = stack();
  new CognitoIdentityProviderGoogle(safe, "Google", {
    userPool: safe.userPool,
    clientId: "id",
    clientSecret: ProviderValue.fromSecretsManager(safe.secret()),
  });
  assert.deepEqual(warnings(safe), []);
});

test("a provider that two constructs declare is a warning, and another pool's is not", () => {
  const of = stack();
  const google = (id: string, userPool: cognito.IUserPool) =>
    new CognitoIdentityProviderGoogle(of, id, {
      userPool,
      clientId: "id",
      clientSecret: ProviderValue.fromSecretsManager(
        secretsmanager.Secret.fromSecretNameV2(of, `${id}Secret`, "google"),
      ),
    });
  google("One", of.userPool);
  google("Other", new cognito.UserPool(of, "OtherPool"));
  assert.deepEqual(warnings(of), []);
  google("Again", of.userPool);
  assert.deepEqual(warnings(of), [
    "Stack/One declares the same provider. Deleting one of them deletes it for both: declare it " +
      "once [ack: cfn-cognito-idp:declaredTwice]",
  ]);
});

test("a second declaration in another stack, or by a construct of the CDK, is a warning", () => {
  const first = stack();
  const { userPool, parameter } = first;
  const clientSecret = ProviderValue.fromSsmParameter(parameter);
  const second = new Stack(first.node.root as App, "Second");
  const given = { userPool, clientId: "id", clientSecret };
  new CognitoIdentityProviderGoogle(first, "Google", given);
  new CognitoIdentityProviderGoogle(second, "Google", given);
  new cognito.UserPoolIdentityProviderAmazon(first, "Native", { ...given, clientSecret: "s" });
  new CognitoIdentityProviderAmazon(first, "Amazon", given);
  assert.match(String(warnings(second)), /Stack\/Google declares the same provider/);
  assert.match(String(warnings(first)), /Stack\/Native declares the same provider/);
});

test("a metadata file that does not exist is named with its path", () => {
  assert.throws(() => SamlMetadata.fromFile("missing.xml"), {
    message: `SamlMetadata.fromFile: there is no file ${join(process.cwd(), "missing.xml")}`,
  });
  assert.throws(() => SamlMetadata.fromFile("."), {
    message: `SamlMetadata.fromFile: there is no file ${process.cwd()}`,
  });
  assert.throws(() => SamlMetadata.fromUrl("corp.xml"), {
    message: "SamlMetadata.fromUrl: corp.xml is no URL; SamlMetadata.fromFile reads a file",
  });
});

test("all errors are reported at once, at the path of the construct, and without values", () => {
  const of = stack();
  new CognitoIdentityProviderOidc(of, "Partner", {
    userPool: of.userPool,
    name: "a name that is longer than 32 characters",
    clientId: "id",
    clientSecret: ProviderValue.plainText("{{resolve:ssm-secure:planted}}"),
    issuerUrl: "http://login.example.com",
    identifiers: ["a/b"],
    acrMapping: { level1: "a b" },
    attributeMapping: { custom: { "": cognito.ProviderAttribute.other("x") } },
    serviceTimeout: Duration.hours(2),
    additionalDetails: { ActiveEncryptionCertificate: "x", client_id: "id" },
  });
  const reported = errors(of);
  const lines = reported.split("\n").filter((line) => line.includes("[Stack/Partner]"));
  assert.deepEqual(
    lines.map((line) => line.replace(/.*\[Stack\/Partner\] /, "")),
    [
      "issuerUrl (ProviderDetails.oidc_issuer) must be a URL that starts with https://",
      "acrMapping (AcrMapping.Level1) may contain only printable ASCII characters except spaces, double quotes and backslashes",
      'the key of attributeMapping (AttributeMapping."") must have 1 to 32 characters but has 0',
      "identifiers (IdpIdentifiers[0]) may contain only letters, digits, spaces and _ + = . @ -",
      "additionalDetails (ProviderDetails.ActiveEncryptionCertificate) is set by Cognito and cannot be declared: remove it",
      "clientSecret (ProviderDetails.client_secret) contains a dynamic reference ({{resolve:…}}) that CloudFormation does not resolve here: use ProviderValue instead",
      "name (ProviderName) must have 1 to 32 characters but has 40",
      "serviceTimeout (ServiceTimeout) must be a number of seconds from 1 to 3600",
      "clientId (ProviderDetails.client_id) is set by a property of the construct: remove it from additionalDetails",
    ],
  );
  assert.ok(!reported.includes("planted"));
});

test("a secret in place of its value is an error that shows how to write it", () => {
  const of = stack();
  const { userPool } = of;
  const clientSecret = of.secret() as unknown as ProviderValue;
  assert.throws(
    () =>
      new CognitoIdentityProviderGoogle(of, "Google", { userPool, clientId: "id", clientSecret }),
    {
      message:
        "Stack/Google: clientSecret (ProviderDetails.client_secret) must be a ProviderValue, such " +
        "as ProviderValue.fromSecretsManager(secret)",
    },
  );
});

test("a renamed construct can keep its logical id", () => {
  const of = stack();
  (saml(of).node.defaultChild as CfnResource).overrideLogicalId("Earlier");
  assert.deepEqual(Object.keys(template(of).findResources(PROVIDER)), ["Earlier"]);
});

test("a pool or a function in another region is an error", () => {
  const of = stack({ env: { region: "eu-west-1" } });
  const far = { env: { region: "us-east-1" } };
  const arn = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEf123";
  const userPool = cognito.UserPool.fromUserPoolArn(of, "Far", arn);
  const imported = CognitoIdentityProviderFunction.fromFunctionAttributes(of, "Function", {
    functionArn: "arn:aws:lambda:us-east-1:123456789012:function:idp",
    role: iam.Role.fromRoleName(of, "Role", "idp-role"),
  });
  const handler = new CognitoIdentityProviderFunction(new Stack(new App(), "Far", far), "Function");
  for (const given of [{ userPool }, { handler }, { handler: imported }]) {
    const [what] = Object.keys(given);
    assert.throws(
      () =>
        saml(new Construct(of, `With${of.node.children.length}`) as Values, {
          userPool: of.userPool,
          ...given,
        }),
      {
        message: new RegExp(
          `/Corp: ${what} is in us-east-1, and this stack is in eu-west-1: they must be in one region`,
        ),
      },
    );
  }
  const schedule = Schedule.rate(Duration.days(1));
  assert.throws(() => new CognitoUserPoolDriftDetection(of, "Drift", { userPool, schedule }), {
    message: /^Stack\/Drift: userPool is in us-east-1/,
  });
});

test("names that Cognito refuses and keys that it does not document are warnings", () => {
  for (const name of ["Corp Login", "_Corp", "AB", "Corp_Login"]) {
    const of = stack();
    saml(of, { name });
    assert.match(String(warnings(of)), new RegExp(`Cognito refuses the name .* ${name} for a new`));
  }
  for (const name of ["Corp", "C_orp", "Überfirma-1"]) {
    const of = stack();
    saml(of, { name, additionalDetails: { attributes_url_add_attributes: "false" } });
    assert.deepEqual(warnings(of), []);
  }
  const of = stack();
  saml(of, { additionalDetails: { idp_signout: "true" } });
  assert.match(
    String(warnings(of)),
    /no additionalDetails \(ProviderDetails.idp_signout\): is it misspelt/,
  );
});

test("values that are known at deployment only are not checked", () => {
  const of = stack();
  const { parameter } = of;
  new CognitoIdentityProviderOidc(of, "Partner", {
    userPool: cognito.UserPool.fromUserPoolId(of, "Imported", parameter.stringValue),
    name: parameter.stringValue,
    clientId: parameter.stringValue,
    issuerUrl: parameter.stringValue,
    identifiers: [parameter.stringValue, `${parameter.stringValue}/b`],
    acrMapping: { level1: `${parameter.stringValue} ` },
  });
  assert.equal(errors(of), "");
});

test("metadata and metadata URL at once are an error", () => {
  const of = stack();
  saml(of, { additionalDetails: { MetadataFile: "<EntityDescriptor/>" } });
  assert.match(
    errors(of),
    /\[Stack\/Corp\] metadata \(ProviderDetails.MetadataFile\) cannot be set for this type/,
  );
});
