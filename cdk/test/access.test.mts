import assert from "node:assert/strict";
import { test } from "node:test";
import { App, Stack } from "aws-cdk-lib";
import { Match } from "aws-cdk-lib/assertions";
import * as cloudwatchActions from "aws-cdk-lib/aws-cloudwatch-actions";
import * as cognito from "aws-cdk-lib/aws-cognito";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as destinations from "aws-cdk-lib/aws-lambda-destinations";
import * as logs from "aws-cdk-lib/aws-logs";
import * as s3 from "aws-cdk-lib/aws-s3";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import * as sns from "aws-cdk-lib/aws-sns";
import * as sqs from "aws-cdk-lib/aws-sqs";
import * as ssm from "aws-cdk-lib/aws-ssm";
import { Construct } from "constructs";
import {
  CognitoIdentityProviderFunction,
  CognitoIdentityProviderGoogle,
  CognitoIdentityProviderSaml,
  type ICognitoIdentityProviderFunction,
  ProviderValue,
  SamlMetadata,
} from "../lib/index.js";
import { PROVIDER, properties, stack, statements, template, type Values } from "./stacks.mts";

function google(of: Values, clientSecret: ProviderValue): void {
  const { userPool } = of;
  new CognitoIdentityProviderGoogle(of, "Google", { userPool, clientId: "id", clientSecret });
}

function saml(
  of: Stack,
  id: string,
  userPool: cognito.IUserPool,
  handler?: ICognitoIdentityProviderFunction,
): CognitoIdentityProviderSaml {
  const metadata = SamlMetadata.fromUrl("https://idp.example.com/metadata");
  return new CognitoIdentityProviderSaml(of, id, { userPool, metadata, handler });
}

/** Returns a statement that allows something. */
function allow(action: string, resource: unknown, condition?: object): object {
  const statement = { Action: action, Effect: "Allow", Resource: resource };
  return condition ? { ...statement, Condition: { StringEquals: condition } } : statement;
}

function join(...parts: unknown[]): object {
  return { "Fn::Join": ["", parts] };
}

const PARTITION = { Ref: "AWS::Partition" };
const REGION = { Ref: "AWS::Region" };
const ACCOUNT = { Ref: "AWS::AccountId" };
const SUFFIX = { Ref: "AWS::URLSuffix" };
const KEY = { "Fn::GetAtt": ["Key961B73FD", "Arn"] };

test("a secret and its key are granted, and nothing else", () => {
  const of = stack();
  google(of, ProviderValue.fromSecretsManager(of.secret(of.key), { jsonField: "secret" }));
  assert.deepEqual(statements(of, "Values"), [
    allow("secretsmanager:GetSecretValue", { Ref: "SecretA720EF05" }),
    allow("kms:Decrypt", KEY, { "kms:ViaService": join("secretsmanager.", REGION, ".", SUFFIX) }),
  ]);
});

test("a secret that is imported by its name is granted with any suffix", () => {
  const of = stack();
  const secret = secretsmanager.Secret.fromSecretNameV2(of, "Secret", "google");
  google(of, ProviderValue.fromSecretsManager(secret));
  const arn = ["arn:", PARTITION, ":secretsmanager:", REGION, ":", ACCOUNT, ":secret:google"];
  assert.deepEqual(statements(of, "Values"), [
    allow("secretsmanager:GetSecretValue", join(...arn.slice(0, -1), ":secret:google-??????")),
  ]);
});

test("a parameter is granted, and the key of a secure one", () => {
  const of = stack();
  const parameter = ssm.StringParameter.fromSecureStringParameterAttributes(of, "Parameter", {
    parameterName: "/google/secret",
    encryptionKey: of.key,
  });
  google(of, ProviderValue.fromSsmParameter(parameter));
  const arn = join("arn:", PARTITION, ":ssm:", REGION, ":", ACCOUNT, ":parameter/google/secret");
  assert.deepEqual(statements(of, "Values"), [
    allow("ssm:GetParameter", arn),
    allow("kms:Decrypt", KEY, { "kms:ViaService": join("ssm.", REGION, ".", SUFFIX) }),
  ]);
});

test("one object of a bucket is granted, in the account that owns the bucket", () => {
  const of = stack();
  const bucket = s3.Bucket.fromBucketAttributes(of, "Bucket", {
    bucketName: "idp",
    account: "111122223333",
    encryptionKey: kms.Key.fromKeyArn(of, "Key", "arn:aws:kms:eu-west-1:111122223333:key/k"),
  });
  google(of, ProviderValue.fromBucket(bucket, "secret"));
  assert.deepEqual(statements(of, "Values"), [
    allow("s3:GetObject", join("arn:", PARTITION, ":s3:::idp/secret"), {
      "s3:ResourceAccount": "111122223333",
    }),
    allow("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/k", {
      "kms:ViaService": join("s3.", REGION, ".", SUFFIX),
    }),
  ]);
});

test("a version of an object is granted by its own permission", () => {
  const of = stack();
  google(of, ProviderValue.fromBucket(of.bucket(), "secret", "version"));
  const [statement] = statements(of, "Values") as { Action: string }[];
  assert.equal(statement.Action, "s3:GetObjectVersion");
  template(of).hasResourceProperties(PROVIDER, {
    ProviderDetailsFrom: { client_secret: { S3: { Key: "secret", VersionId: "version" } } },
  });
});

test("a value in the template needs no permission", () => {
  const of = stack();
  google(of, ProviderValue.plainText("secret"));
  assert.deepEqual(statements(of, "Values"), []);
});

test("the permissions exist before the provider", () => {
  const of = stack();
  google(of, ProviderValue.fromSecretsManager(of.secret()));
  const policies = Object.keys(template(of).findResources("AWS::IAM::Policy"));
  const needed = policies.filter((id) => !id.startsWith("CognitoIdentityProviderFunction"));
  assert.equal(needed.length, 2);
  template(of).hasResource(PROVIDER, { DependsOn: needed.sort() });
});

test("providers of one pool share its permissions, and each pool has its own", () => {
  const of = stack();
  saml(of, "One", of.userPool);
  saml(of, "Two", of.userPool);
  const other = cognito.UserPool.fromUserPoolId(of, "Other", "eu-west-1_Other0000");
  saml(of, "Three", other);
  const granted = statements(of, "CognitoIdentityProviders") as { Resource: unknown }[];
  const stackId = { Ref: "AWS::StackId" };
  assert.deepEqual(
    granted.map(({ Resource }) => Resource),
    [
      { "Fn::GetAtt": ["UserPool6BA7E5F2", "Arn"] },
      stackId,
      join(
        ...["arn:", PARTITION, ":cognito-idp:", REGION, ":", ACCOUNT],
        ":userpool/eu-west-1_Other0000",
      ),
      stackId,
    ],
  );
});

test("all providers of a stack share one function, with the settings of template.yaml", () => {
  const of = stack();
  saml(of, "One", of.userPool);
  saml(of, "Two", of.userPool);
  template(of).resourceCountIs("AWS::Lambda::Function", 1);
  template(of).hasResourceProperties("AWS::Lambda::Function", {
    Architectures: ["arm64"],
    Description: "Custom::CognitoIdentityProvider",
    Environment: Match.absent(),
    Handler: "bootstrap",
    LoggingConfig: { ApplicationLogLevel: "INFO", LogFormat: "JSON", SystemLogLevel: "WARN" },
    MemorySize: 128,
    Runtime: "provided.al2023",
    Timeout: 300,
  });
  template(of).hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
    MaximumEventAgeInSeconds: 3600,
    MaximumRetryAttempts: 2,
  });
  template(of).hasResource("AWS::Logs::LogGroup", {
    DeletionPolicy: "Delete",
    Properties: { RetentionInDays: 30 },
  });
  template(of).resourceCountIs("AWS::CloudWatch::Alarm", 0);
});

test("a function of one's own has other settings, and replaces that of the stack", () => {
  const of = stack();
  const topic = new sns.Topic(of, "Topic");
  const handler = new CognitoIdentityProviderFunction(of, "Function", {
    architecture: lambda.Architecture.X86_64,
    logLevel: lambda.ApplicationLogLevel.DEBUG,
    logRetention: logs.RetentionDays.ONE_YEAR,
    memorySize: 256,
    alarms: { actions: [new cloudwatchActions.SnsAction(topic)] },
    onFailure: new destinations.SqsDestination(new sqs.Queue(of, "Queue")),
    responseUrlHosts: ["localhost:4566", "localhost:4567"],
  });
  saml(of, "Corp", of.userPool, handler);
  template(of).resourceCountIs("AWS::Lambda::Function", 1);
  template(of).hasResourceProperties("AWS::Lambda::Function", {
    Architectures: ["x86_64"],
    Environment: { Variables: { RESPONSE_URL_HOSTS: "localhost:4566,localhost:4567" } },
    LoggingConfig: { ApplicationLogLevel: "DEBUG" },
    MemorySize: 256,
  });
  template(of).hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
    DestinationConfig: { OnFailure: Match.anyValue() },
  });
  template(of).hasResourceProperties("AWS::CloudWatch::Alarm", {
    AlarmActions: [{ Ref: "TopicBFC7AF6E" }],
    MetricName: "Drifted",
    Namespace: "CfnCognitoIdp",
    Dimensions: Match.absent(),
  });
  template(of).hasResourceProperties("AWS::CloudWatch::Alarm", {
    AlarmActions: [{ Ref: "TopicBFC7AF6E" }],
    MetricName: "AsyncEventsDropped",
  });
});

test("providers without a handler use the function that the stack has, whatever its id", () => {
  const of = stack();
  const handler = new CognitoIdentityProviderFunction(new Stack(of, "Nested"), "Function");
  const own = new CognitoIdentityProviderFunction(new Construct(of, "Scope"), "Function");
  const corp = saml(of, "Corp", of.userPool);
  assert.equal(corp.handler, own);
  assert.notEqual(corp.handler, handler);
  template(of).resourceCountIs("AWS::Lambda::Function", 1);
});

test("two stacks share a function, and each grants what its own providers need", () => {
  const app = new App();
  const shared = new Stack(app, "Shared");
  const handler = new CognitoIdentityProviderFunction(shared, "Function");
  const stacks = ["One", "Two"].map((name) => new Stack(app, name));
  for (const of of stacks) {
    saml(of, "Corp", new cognito.UserPool(of, "UserPool"), handler);
  }
  for (const of of stacks) {
    template(of).resourceCountIs("AWS::Lambda::Function", 0);
    template(of).hasResourceProperties("AWS::IAM::Policy", {
      PolicyDocument: {
        Statement: [{ Resource: { "Fn::GetAtt": ["UserPool6BA7E5F2", "Arn"] } }, {}],
      },
      Roles: [{ "Fn::ImportValue": Match.stringLikeRegexp("Shared:.*Role") }],
    });
  }
});

test("a function is imported by its ARN and its role", () => {
  const of = stack();
  const handler = CognitoIdentityProviderFunction.fromFunctionAttributes(of, "Function", {
    functionArn: "arn:aws:lambda:eu-west-1:123456789012:function:idp",
    role: iam.Role.fromRoleName(of, "Role", "idp-role"),
  });
  saml(of, "Corp", of.userPool, handler);
  assert.equal(properties(of).ServiceToken, "arn:aws:lambda:eu-west-1:123456789012:function:idp");
  template(of).hasResourceProperties("AWS::IAM::Policy", { Roles: ["idp-role"] });
});

test("a function is imported by the exports of its stack", () => {
  const of = stack();
  const handler = CognitoIdentityProviderFunction.fromStackExports(of, "Function");
  saml(of, "Corp", of.userPool, handler);
  const exported = "cfn-cognito-idp-ServiceToken";
  assert.deepEqual(properties(of).ServiceToken, { "Fn::ImportValue": exported });
  template(of).hasResourceProperties("AWS::IAM::Policy", {
    Roles: [{ "Fn::ImportValue": "cfn-cognito-idp-RoleName" }],
  });
});

test("a role that may not be changed is granted nothing", () => {
  const of = stack();
  const role = iam.Role.fromRoleName(of, "Role", "idp-role", { mutable: false });
  const functionArn = "arn:aws:lambda:eu-west-1:123456789012:function:idp";
  const handler = CognitoIdentityProviderFunction.fromFunctionAttributes(of, "Function", {
    functionArn,
    role,
  });
  saml(of, "Corp", of.userPool, handler);
  template(of).resourceCountIs("AWS::IAM::Policy", 0);
  template(of).hasResource(PROVIDER, { DependsOn: Match.absent() });
});
