// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// ERC-1271.
interface IContractSigner {
  function isValidSignature(bytes32 hash, bytes memory signature) external view returns (bytes4);
}

/// A dollar token for tests that moves on signatures as USDC does (ERC-20, EIP-712, EIP-3009).
/// Anyone may mint. Nothing is set at construction: its runtime code works at whatever address it is put,
/// which is how it comes to stand at an address that wallets already know.
contract TestUsd {
  string public constant name = "USDC";
  string public constant symbol = "USDC";
  string public constant version = "2";
  uint8 public constant decimals = 6;

  bytes32 public constant TRANSFER_WITH_AUTHORIZATION_TYPEHASH =
    keccak256(
      "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
  bytes32 public constant RECEIVE_WITH_AUTHORIZATION_TYPEHASH =
    keccak256(
      "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
  bytes32 public constant CANCEL_AUTHORIZATION_TYPEHASH =
    keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");

  bytes32 public constant PERMIT_TYPEHASH =
    keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

  /// Half the order of secp256k1: of the two signatures that say the same, only the one with the lower s counts.
  uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

  uint256 public totalSupply;
  mapping(address => uint256) public balanceOf;
  mapping(address => mapping(address => uint256)) public allowance;
  /// True once a nonce is used or canceled; it never becomes false again.
  mapping(address => mapping(bytes32 => bool)) public authorizationState;
  /// How many permits of an owner were taken (EIP-2612).
  mapping(address => uint256) public nonces;

  event Transfer(address indexed from, address indexed to, uint256 value);
  event Approval(address indexed owner, address indexed spender, uint256 value);
  event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
  event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce);

  /// What the payer signs.
  struct Authorization {
    address from;
    address to;
    uint256 value;
    uint256 validAfter;
    uint256 validBefore;
    bytes32 nonce;
  }

  function DOMAIN_SEPARATOR() public view returns (bytes32) {
    return
      keccak256(
        abi.encode(
          keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
          keccak256(bytes(name)),
          keccak256(bytes(version)),
          block.chainid,
          address(this)
        )
      );
  }

  function mint(address to, uint256 value) external {
    totalSupply += value;
    balanceOf[to] += value;
    emit Transfer(address(0), to, value);
  }

  function transfer(address to, uint256 value) external returns (bool) {
    _transfer(msg.sender, to, value);
    return true;
  }

  function approve(address spender, uint256 value) external returns (bool) {
    allowance[msg.sender][spender] = value;
    emit Approval(msg.sender, spender, value);
    return true;
  }

  function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
    external
  {
    require(block.timestamp <= deadline, "permit is expired");
    bytes32 structHash = keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, value, nonces[owner]++, deadline));
    require(_isSignedBy(owner, structHash, abi.encodePacked(r, s, v)), "invalid signature");
    allowance[owner][spender] = value;
    emit Approval(owner, spender, value);
  }

  function transferFrom(address from, address to, uint256 value) external returns (bool) {
    require(allowance[from][msg.sender] >= value, "transfer amount exceeds allowance");
    allowance[from][msg.sender] -= value;
    _transfer(from, to, value);
    return true;
  }

  function transferWithAuthorization(
    address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce,
    uint8 v, bytes32 r, bytes32 s
  ) external {
    Authorization memory signed = Authorization(from, to, value, validAfter, validBefore, nonce);
    _execute(TRANSFER_WITH_AUTHORIZATION_TYPEHASH, signed, abi.encodePacked(r, s, v));
  }

  function transferWithAuthorization(
    address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce,
    bytes memory signature
  ) external {
    Authorization memory signed = Authorization(from, to, value, validAfter, validBefore, nonce);
    _execute(TRANSFER_WITH_AUTHORIZATION_TYPEHASH, signed, signature);
  }

  function receiveWithAuthorization(
    address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce,
    uint8 v, bytes32 r, bytes32 s
  ) external {
    require(to == msg.sender, "caller must be the payee");
    Authorization memory signed = Authorization(from, to, value, validAfter, validBefore, nonce);
    _execute(RECEIVE_WITH_AUTHORIZATION_TYPEHASH, signed, abi.encodePacked(r, s, v));
  }

  function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s) external {
    _cancel(authorizer, nonce, abi.encodePacked(r, s, v));
  }

  function cancelAuthorization(address authorizer, bytes32 nonce, bytes memory signature) external {
    _cancel(authorizer, nonce, signature);
  }

  function _cancel(address authorizer, bytes32 nonce, bytes memory signature) private {
    require(!authorizationState[authorizer][nonce], "authorization is used or canceled");
    bytes32 structHash = keccak256(abi.encode(CANCEL_AUTHORIZATION_TYPEHASH, authorizer, nonce));
    require(_isSignedBy(authorizer, structHash, signature), "invalid signature");
    authorizationState[authorizer][nonce] = true;
    emit AuthorizationCanceled(authorizer, nonce);
  }

  function _execute(bytes32 typeHash, Authorization memory signed, bytes memory signature) private {
    require(block.timestamp > signed.validAfter, "authorization is not yet valid");
    require(block.timestamp < signed.validBefore, "authorization is expired");
    require(!authorizationState[signed.from][signed.nonce], "authorization is used or canceled");
    require(_isSignedBy(signed.from, keccak256(abi.encode(typeHash, signed)), signature), "invalid signature");
    authorizationState[signed.from][signed.nonce] = true;
    emit AuthorizationUsed(signed.from, signed.nonce);
    _transfer(signed.from, signed.to, signed.value);
  }

  function _transfer(address from, address to, uint256 value) private {
    require(from != address(0) && to != address(0), "transfer from or to the zero address");
    require(balanceOf[from] >= value, "transfer amount exceeds balance");
    balanceOf[from] -= value;
    balanceOf[to] += value;
    emit Transfer(from, to, value);
  }

  /// As FiatToken 2.2 does: whoever has code is asked itself, in either form of the call.
  function _isSignedBy(address owner, bytes32 structHash, bytes memory signature) private view returns (bool) {
    if (owner.code.length == 0) return _signer(structHash, signature) == owner;
    bytes32 digest = keccak256(abi.encodePacked("\x19\x01", DOMAIN_SEPARATOR(), structHash));
    (bool success, bytes memory answer) =
      owner.staticcall(abi.encodeWithSelector(IContractSigner.isValidSignature.selector, digest, signature));
    return success && answer.length >= 32 && bytes4(bytes32(answer)) == IContractSigner.isValidSignature.selector;
  }

  function _signer(bytes32 structHash, bytes memory signature) private view returns (address) {
    require(signature.length == 65, "invalid signature length");
    bytes32 r;
    bytes32 s;
    uint8 v;
    assembly ("memory-safe") {
      r := mload(add(signature, 32))
      s := mload(add(signature, 64))
      v := byte(0, mload(add(signature, 96)))
    }
    require(uint256(s) <= HALF_ORDER, "invalid signature s");
    require(v == 27 || v == 28, "invalid signature v");
    address signer = ecrecover(keccak256(abi.encodePacked("\x19\x01", DOMAIN_SEPARATOR(), structHash)), v, r, s);
    require(signer != address(0), "invalid signature");
    return signer;
  }
}
