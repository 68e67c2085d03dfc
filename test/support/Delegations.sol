// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface Token {
  function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

struct Caveat {
  address enforcer;
  bytes terms;
  bytes args;
}

struct Delegation {
  address delegate;
  address delegator;
  bytes32 authority;
  Caveat[] caveats;
  uint256 salt;
  bytes signature;
}

/// Holds what is moved to so much in each period.
contract PeriodTransferEnforcer {
  mapping(bytes32 => mapping(uint256 => uint256)) spent;

  function getAvailableAmount(bytes32 hash, address, bytes calldata terms)
    public
    view
    returns (uint256 amount, bool isNew, uint256 period)
  {
    (uint256 most, uint256 duration, uint256 start) = read(terms);
    if (block.timestamp < start) return (0, false, 0);
    period = (block.timestamp - start) / duration + 1;
    amount = most - spent[hash][period];
    isNew = spent[hash][period] == 0;
  }

  function spend(bytes32 hash, bytes calldata terms, uint256 amount) external {
    (uint256 left, , uint256 period) = getAvailableAmount(hash, msg.sender, terms);
    require(amount <= left, 'PeriodTransferEnforcer:transfer-amount-exceeded');
    spent[hash][period] += amount;
  }

  function read(bytes calldata terms) internal pure returns (uint256, uint256, uint256) {
    require(terms.length == 116, 'PeriodTransferEnforcer:invalid-terms-length');
    return (uint256(bytes32(terms[20:52])), uint256(bytes32(terms[52:84])), uint256(bytes32(terms[84:116])));
  }
}

/// Moves what an account has signed that another may move; the account lets this contract do it.
contract DelegationManager {
  bytes32 constant caveatType = keccak256('Caveat(address enforcer,bytes terms)');
  bytes32 constant delegationType =
    keccak256(
      'Delegation(address delegate,address delegator,bytes32 authority,Caveat[] caveats,uint256 salt)Caveat(address enforcer,bytes terms)'
    );
  PeriodTransferEnforcer constant enforcer = PeriodTransferEnforcer(0x474e3Ae7E169e940607cC624Da8A15Eb120139aB);

  function redeemDelegations(bytes[] calldata contexts, bytes32[] calldata modes, bytes[] calldata executions) external {
    require(contexts.length == 1 && executions.length == 1 && modes[0] == 0);
    Delegation[] memory chain = abi.decode(contexts[0], (Delegation[]));
    require(chain.length == 1 && chain[0].delegate == msg.sender, 'InvalidDelegate()');
    Delegation memory own = chain[0];
    bytes32 hash = hashOf(own);
    require(signerOf(hash, own.signature) == own.delegator, 'InvalidEOASignature()');
    address token = address(bytes20(executions[0][:20]));
    require(bytes4(executions[0][52:56]) == 0xa9059cbb && executions[0].length == 120);
    (address to, uint256 amount) = abi.decode(executions[0][56:], (address, uint256));
    for (uint256 index = 0; index < own.caveats.length; index++) {
      if (own.caveats[index].enforcer == address(enforcer)) enforcer.spend(hash, own.caveats[index].terms, amount);
    }
    Token(token).transferFrom(own.delegator, to, amount);
  }

  function hashOf(Delegation memory own) internal pure returns (bytes32) {
    bytes memory hashes;
    for (uint256 index = 0; index < own.caveats.length; index++) {
      Caveat memory one = own.caveats[index];
      hashes = abi.encodePacked(hashes, keccak256(abi.encode(caveatType, one.enforcer, keccak256(one.terms))));
    }
    return
      keccak256(
        abi.encode(delegationType, own.delegate, own.delegator, own.authority, keccak256(hashes), own.salt)
      );
  }

  function signerOf(bytes32 hash, bytes memory signature) internal view returns (address) {
    bytes32 domain = keccak256(
      abi.encode(
        keccak256('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
        keccak256('DelegationManager'),
        keccak256('1'),
        block.chainid,
        address(this)
      )
    );
    (bytes32 r, bytes32 s, uint8 v) = (0, 0, uint8(signature[64]));
    assembly {
      r := mload(add(signature, 32))
      s := mload(add(signature, 64))
    }
    return ecrecover(keccak256(abi.encodePacked(hex'1901', domain, hash)), v, r, s);
  }
}
